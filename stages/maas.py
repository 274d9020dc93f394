"""Learn the vectors of Maas et al. (2011), which hold sentiment: a third kind, beside word2vec's and the tuned ones.

Reads:  data/tokens/; of the labels those of the reviews that are not for validation
Writes: artifacts/maas/, plots/maas.csv (the objective by epoch)
Params: maas
"""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from pipeline.device import make_deterministic
from pipeline.embeddings import Embeddings
from pipeline.files import atomic
from pipeline.maas import UNKNOWN, joined, train
from pipeline.params import Params
from pipeline.tokens import Ragged, load_array, read_tokenizer, read_types
from stages.stage import run

TOKENS = Path("data/tokens")


def main(params: Params) -> None:
    """Train on all reviews, with the labels of those to fit on; save."""
    section = params.maas
    make_deterministic(section.seed, section.num_threads)
    types, counts = read_types(TOKENS / "types.tsv")
    n_words = min(section.n_words, len(types))
    labels = load_array(TOKENS / "train/labels.npy", np.dtype(np.int8), 1)
    valid = load_array(TOKENS / "train/valid.npy", np.dtype(np.bool_), 1)
    labelled, others = Ragged.load(TOKENS / "train"), Ragged.load(TOKENS / "unsup")
    known = np.concatenate([np.where(valid, UNKNOWN, labels), np.full(len(others), UNKNOWN)]).astype(np.int8)

    reviews = joined(labelled, others)
    with tqdm(total=len(reviews) * section.epochs, unit=" reviews", desc="maas", mininterval=2, disable=None) as bar:
        vectors, losses = train(reviews, known, n_words, section, bar.update)
    training = {"model": "the model of Maas et al. (2011)", **section.model_dump(), "n_reviews": len(reviews)}
    with atomic(Path("artifacts/maas")) as folder:
        Embeddings(vectors, types[:n_words], counts[:n_words], read_tokenizer(TOKENS), training).save(folder)
    with atomic(Path("plots/maas.csv")) as path:
        rows = (f"{epoch},{loss:.4f}\n" for epoch, loss in enumerate(losses, 1))
        path.write_text("epoch,objective\n" + "".join(rows), "utf-8")
    print(f"{n_words:,} words x {section.vector_size}; objective {losses[-1]:.3f} nats a word")


if __name__ == "__main__":
    run("maas", main)
