"""What a student learns from: the labelled reviews, then the unlabelled ones with a teacher's probabilities."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.classify.batches import Labelled
from pipeline.core.errors import InputError
from pipeline.student.teaching import SoftLabels
from tests.classify.networks import CONFIG, CPU, reviews_of
from tests.rows import ragged


def test_unlabelled_reviews_follow_with_soft_labels(tmp_path: Path) -> None:
    labelled = Labelled(reviews_of([[1, 2], []]), torch.tensor([1.0, 0.0]))
    ragged([[3], [12, 4, 5], []]).save(tmp_path / "unsup")
    np.save(tmp_path / "teacher.npy", np.array([0.9, 0.2, 0.5], np.float32))
    teacher = SoftLabels(tmp_path / "unsup", tmp_path / "teacher.npy")
    taught = teacher.teach(labelled, CONFIG, CPU)
    assert taught.labels.tolist() == pytest.approx([1.0, 0.0, 0.9, 0.2, 0.5])
    assert taught.reviews.lengths.tolist() == [2, 0, 1, 2, 0]
    ids, lengths = taught.reviews.batch(torch.arange(5))
    read = [row[:n].tolist() for row, n in zip(ids, taught.reviews.lengths.tolist(), strict=True)]
    assert read == [[1, 2], [], [3], [4, 5], []]
    assert (ids[1] == CONFIG.n_words).all()
    assert lengths.tolist() == [2, 1, 1, 2, 1]
    assert len(labelled.reviews) == 2  # unchanged

    np.save(tmp_path / "teacher.npy", np.array([0.9, 0.2], np.float32))
    with pytest.raises(InputError, match=r"teacher\.npy has 2 probabilities for 3 reviews; run `dvc repro`"):
        teacher.teach(labelled, CONFIG, CPU)
