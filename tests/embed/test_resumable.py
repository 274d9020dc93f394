"""A word2vec that was interrupted goes on at the border of an epoch, with the bytes of an undisturbed training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec

from pipeline.embed.resumable import EpochCheckpoint, ResumableWord2Vec

N_EPOCHS = 4


class KilledError(Exception):
    pass


class Kill(CallbackAny2Vec):  # type: ignore[misc]
    """Ends a training as the third epoch begins."""

    def __init__(self, epoch: int) -> None:
        self.left = epoch

    def on_epoch_begin(self, model: Word2Vec) -> None:
        self.left -= 1
        if not self.left:
            raise KilledError


@pytest.fixture(scope="module")
def sentences() -> list[list[str]]:
    rng = np.random.default_rng(0)
    return [[f"w{i}" for i in rng.integers(0, 30, rng.integers(5, 60))] for _ in range(400)]


def model_of(sentences: list[list[str]], **options: Any) -> ResumableWord2Vec:
    model = ResumableWord2Vec(vector_size=10, window=3, min_count=1, workers=1, seed=1, alpha=0.05, **options)
    model.build_vocab(sentences)
    return model


def train(model: ResumableWord2Vec, sentences: list[list[str]], *callbacks: CallbackAny2Vec) -> None:
    model.train(sentences, total_examples=len(sentences), epochs=N_EPOCHS - model.n_done, callbacks=list(callbacks))


@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.parametrize("tree", [0, 1])
def test_it_goes_on_to_the_bytes_of_gensims_own_training(
    sentences: list[list[str]], tmp_path: Path, sg: int, tree: int
) -> None:
    options = {"sg": sg, "hs": tree, "negative": 0 if tree else 3}
    whole = Word2Vec(
        sentences, vector_size=10, window=3, min_count=1, workers=1, seed=1, alpha=0.05, epochs=N_EPOCHS, **options
    )
    checkpoint = EpochCheckpoint(tmp_path / "state", "key")
    with pytest.raises(KilledError):
        train(model_of(sentences, **options), sentences, checkpoint, Kill(3))
    checkpoint.losses.append(0.5)  # too late to be saved
    again = EpochCheckpoint(tmp_path / "state", "key")
    model = model_of(sentences, **options)
    again.restore(model)
    assert model.n_done == 2
    assert again.losses == []
    train(model, sentences, again)
    np.testing.assert_array_equal(model.wv.vectors, whole.wv.vectors)
    again.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["key", "cut", "absent", "json"])
def test_another_or_a_damaged_state_is_ignored(sentences: list[list[str]], tmp_path: Path, damage: str) -> None:
    with pytest.raises(KilledError):
        train(model_of(sentences), sentences, EpochCheckpoint(tmp_path / "state", "key"), Kill(3))
    path = tmp_path / "state" / "outputs.npy"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif damage == "absent":
        path.unlink()
    elif damage == "json":
        (tmp_path / "state" / "state.json").write_text('{"key": "key"}')
    model, fresh = model_of(sentences), model_of(sentences)
    EpochCheckpoint(tmp_path / "state", "another" if damage == "key" else "key").restore(model)
    assert model.n_done == 0
    np.testing.assert_array_equal(model.wv.vectors, fresh.wv.vectors)
