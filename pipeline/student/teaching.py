"""Add the unlabelled reviews, with a teacher's probabilities as their labels.

Source: Lee, Pseudo-Label, 2013, with the probabilities themselves as in Hinton et al., Distilling the Knowledge in a
Neural Network, 2015.
"""

from pathlib import Path

import numpy as np
import torch

from pipeline.classify.batches import Labelled, load_unlabelled
from pipeline.classify.network import NetworkConfig
from pipeline.core.arrays import load_array
from pipeline.core.errors import InputError


def teach(labelled: Labelled, config: NetworkConfig, device: torch.device, *, reviews: Path, teacher: Path) -> Labelled:
    """Return the labelled reviews, followed by the unlabelled ones with their soft labels.

    Args:
        labelled: the reviews with labels.
        config: of the network.
        device: of the reviews.
        reviews: the folder of the unlabelled reviews, data/tokens/unsup.
        teacher: float32 [n_unlabelled], the probability of each unlabelled review being positive.

    Raises:
        InputError: a file is missing or broken, or there is not one probability for each review.
    """
    unlabelled = load_unlabelled(reviews, config, device)
    probabilities = load_array(teacher, np.dtype(np.float32), 1)
    if len(probabilities) != len(unlabelled):
        raise InputError(
            f"{teacher} has {len(probabilities):,} probabilities for {len(unlabelled):,} reviews; run `dvc repro`"
        )
    soft = torch.from_numpy(np.array(probabilities)).to(device)
    return Labelled(labelled.reviews + unlabelled, torch.cat([labelled.labels, soft]))
