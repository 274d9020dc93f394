"""Fit the linear models: the bag of vectors and two bags of n-grams.

Reads:  data/tokens/, data/corpus.txt, artifacts/embeddings/
Writes: artifacts/{bag_of_vectors,tfidf,nbsvm}/, metrics/valid/{bag_of_vectors,tfidf,nbsvm}.json
Params: baseline
"""

from itertools import islice
from pathlib import Path

from pipeline.baseline.bag_of_vectors import BagOfVectors
from pipeline.baseline.ngrams import NGrams, count_ngrams
from pipeline.baseline.params import Baseline
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import atomic, write_json
from pipeline.core.progress import Progress
from pipeline.core.ragged import Ragged, load_labels

TRAIN = Path("data/tokens/train")


def main(progress: Progress, *, baseline: Baseline) -> dict[str, float]:
    """Fit each model on the same reviews and choose C on the same validation split."""
    embeddings = Embeddings.load(Path("artifacts/embeddings"))
    reviews = Ragged.load(TRAIN)
    labels, valid = load_labels(TRAIN)
    with open("data/corpus.txt", encoding="utf-8", newline="\n") as file:
        lines = list(islice(file, len(reviews)))  # train comes first

    known = reviews.below(len(embeddings.words))
    with progress.bar("baseline", 3 * len(baseline.C), " fits") as advance:
        bag = BagOfVectors.fit(known, labels, valid, embeddings.vectors, baseline.C, advance)
        counts = count_ngrams(lines, valid, baseline)
        models: dict[str, BagOfVectors | NGrams] = {
            "bag_of_vectors": bag,
            **{kind: NGrams.fit(kind, counts, labels, valid, baseline, advance) for kind in ("tfidf", "nbsvm")},
        }
    for name, model in models.items():
        with atomic(Path("artifacts") / name) as folder:
            model.save(folder)
        write_json(Path(f"metrics/valid/{name}.json"), model.linear.figures)
    return {name: model.linear.figures["accuracy"] for name, model in models.items()}
