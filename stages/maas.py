"""Train the word vectors of Maas et al. (2011), which encode sentiment, to compare with word2vec and tuned vectors.

Reads:  data/tokens/, including the labels of the reviews that are not for validation
Writes: artifacts/maas/, plots/maas.csv (the loss by epoch)
Params: maas
"""

from pathlib import Path

from pipeline.classify.device import make_deterministic
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import atomic, write_csv
from pipeline.core.progress import Progress
from pipeline.core.vocabulary import read_tokenizer, read_types
from pipeline.maas.params import Maas
from pipeline.maas.vectors import load_reviews, train

TOKENS = Path("data/tokens")


def main(progress: Progress, *, maas: Maas) -> dict[str, float]:
    """Train on train and unsup, without the labels of the validation split, and save."""
    make_deterministic(maas.seed, maas.num_threads)
    types, counts = read_types(TOKENS / "types.tsv")
    n_words = min(maas.n_words, len(types))
    reviews, labels = load_reviews(TOKENS, maas.max_reviews)
    with progress.bar("maas", len(reviews) * maas.epochs, " reviews") as advance:

        def report(epoch: int, loss: float) -> None:
            progress.epoch(epoch, maas.epochs, loss=loss)

        vectors, losses = train(reviews, labels, n_words, maas, advance, report)
    training = {"model": "the model of Maas et al. (2011)", **maas.model_dump(), "n_reviews": len(reviews)}
    with atomic(Path("artifacts/maas")) as folder:
        Embeddings(vectors, types[:n_words], counts[:n_words], read_tokenizer(TOKENS), training).save(folder)
    rows = [{"epoch": epoch, "loss": f"{loss:.4f}"} for epoch, loss in enumerate(losses, 1)]
    write_csv(Path("plots/maas.csv"), rows)
    return {"words": n_words, "loss": losses[-1]}
