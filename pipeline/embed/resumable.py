"""A word2vec that is saved after each epoch and goes on from there in another process, with the same bytes.

gensim has no checkpoints, but all that an epoch changes is the vectors, the output vectors and one random generator;
the learning rate follows from the epoch's number.
"""

import shutil
from pathlib import Path

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec

from pipeline.core.arrays import load_array
from pipeline.core.errors import InputError, refusing
from pipeline.core.files import atomic, read_object, settle, write_json


class ResumableWord2Vec(Word2Vec):  # type: ignore[misc]
    """gensim's Word2Vec, whose learning rate counts the epochs of earlier processes, too."""

    n_done = 0  # epochs of earlier processes

    def _get_next_alpha(self, epoch_progress: float, cur_epoch: int) -> float:
        done = (self.n_done + cur_epoch + epoch_progress) / (self.n_done + self.epochs)
        alpha = max(self.min_alpha, self.alpha - (self.alpha - self.min_alpha) * done)
        self.min_alpha_yet_reached = alpha
        return float(alpha)


class EpochCheckpoint(CallbackAny2Vec):  # type: ignore[misc]
    """The state of a training after its last whole epoch, in a folder.

    Args:
        folder: of the state.
        key: of the training; the state of another is ignored.

    Attributes:
        losses: on held-out reviews after each epoch; another callback appends to it.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self.losses: list[float] = []
        self._n_done = 0

    def restore(self, model: ResumableWord2Vec) -> None:
        """Take over the saved state; without a whole one of this key, leave the model as it is."""
        settle(self.folder)
        try:
            facts = read_object(self.folder / "state.json")
            arrays = [
                load_array(self.folder / f"{name}.npy", np.dtype(np.float32), 2) for name in ("vectors", "outputs")
            ]
            with refusing(self.folder / "state.json", "is of another training", "delete it"):
                if facts["key"] != self.key or any(array.shape != model.wv.vectors.shape for array in arrays):
                    raise ValueError("its key or its shapes differ")
                generator = np.random.RandomState()
                state = facts["generator"]
                state["state"]["key"] = np.array(state["state"]["key"], np.uint32)
                generator.set_state(state)
                n_done, losses = int(facts["n_done"]), [float(loss) for loss in facts["losses"]]
        except InputError:
            return
        model.wv.vectors[:], _outputs(model)[:] = arrays
        model.random = generator
        model.n_done = self._n_done = n_done
        self.losses.extend(losses)

    def on_epoch_end(self, model: ResumableWord2Vec) -> None:
        """Save the state."""
        self._n_done += 1
        generator = model.random.get_state(legacy=False)
        generator["state"]["key"] = generator["state"]["key"].tolist()
        with atomic(self.folder) as folder:
            folder.mkdir()
            np.save(folder / "vectors.npy", model.wv.vectors)
            np.save(folder / "outputs.npy", _outputs(model))
            facts = {"key": self.key, "n_done": self._n_done, "losses": self.losses, "generator": generator}
            write_json(folder / "state.json", facts)

    def remove(self) -> None:
        """Delete the saved state, once the training has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _outputs(model: Word2Vec) -> np.ndarray:
    """Return the output vectors: of words, or of the nodes of the Huffman tree."""
    outputs: np.ndarray = model.syn1 if model.hs else model.syn1neg
    return outputs
