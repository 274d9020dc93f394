"""Add the unlabelled reviews, with a teacher's probabilities as their labels.

Source: Lee, Pseudo-Label, 2013, with the probabilities themselves as in Hinton et al., Distilling the Knowledge in a
Neural Network, 2015.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pipeline.classify.batches import Labelled, load_unlabelled
from pipeline.classify.network import NetworkConfig
from pipeline.core.arrays import load_array
from pipeline.core.errors import InputError


@dataclass(frozen=True)
class SoftLabels:
    """The unlabelled reviews with a teacher's probabilities, as `pipeline.classify.run.fit` takes them.

    Attributes:
        reviews: the folder of the unlabelled reviews, data/tokens/unsup.
        probabilities: the file, float32 [n_unlabelled], of each unlabelled review being positive.
    """

    reviews: Path
    probabilities: Path

    @property
    def files(self) -> list[Path]:
        """What it reads beside the tokens."""
        return [self.probabilities]

    def teach(self, labelled: Labelled, config: NetworkConfig, device: torch.device) -> Labelled:
        """Return the labelled reviews, followed by the unlabelled ones with their soft labels.

        Args:
            labelled: the reviews with labels.
            config: of the network.
            device: of the reviews.

        Raises:
            InputError: a file is missing or broken, or there is not one probability for each review.
        """
        unlabelled = load_unlabelled(self.reviews, config, device)
        probabilities = load_array(self.probabilities, np.dtype(np.float32), 1)
        if len(probabilities) != len(unlabelled):
            raise InputError(
                f"{self.probabilities} has {len(probabilities):,} probabilities for {len(unlabelled):,} reviews;"
                " run `dvc repro`"
            )
        soft = torch.from_numpy(np.array(probabilities)).to(device)
        return Labelled(labelled.reviews + unlabelled, torch.cat([labelled.labels, soft]))
