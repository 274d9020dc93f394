"""Fit the linear models: the bag of vectors and two bags of n-grams.

Reads:  data/tokens/, data/corpus.txt, artifacts/embeddings/
Writes: artifacts/{bag_of_vectors,tfidf,nbsvm}/, metrics/valid/{bag_of_vectors,tfidf,nbsvm}.json
Params: baseline
"""

from pathlib import Path

from pipeline.baseline.bag_of_vectors import BagOfVectors
from pipeline.baseline.ngrams import NGrams, count_ngrams
from pipeline.baseline.params import Baseline
from pipeline.core.corpus import CorpusLines
from pipeline.core.embeddings import Embeddings
from pipeline.core.files import atomic, write_json
from pipeline.core.progress import Progress
from pipeline.core.ragged import Ragged, load_labels
from pipeline.core.sample import sample_rows

TRAIN = Path("data/tokens/train")


def main(progress: Progress, *, baseline: Baseline) -> dict[str, float]:
    """Fit each model on the same reviews and choose C on the same validation split."""
    embeddings = Embeddings.load(Path("artifacts/embeddings"))
    every = Ragged.load(TRAIN)
    chosen = sample_rows(len(every), baseline.max_reviews)
    labels, valid = load_labels(TRAIN)
    labels, valid = labels[chosen], valid[chosen]
    lines = list(CorpusLines(Path("data/corpus.txt"), chosen))  # train comes first
    known = every.rows(chosen).below(len(embeddings.words))
    with progress.bar("baseline", 3 * len(baseline.C), " fits") as advance:
        bag = BagOfVectors.fit(known, labels, valid, embeddings.vectors, baseline.C, advance)
        counts = count_ngrams(lines, valid, baseline)
        models: dict[str, BagOfVectors | NGrams] = {
            "bag_of_vectors": bag,
            **{kind: NGrams.fit(kind, counts, labels, valid, baseline, advance) for kind in ("tfidf", "nbsvm")},
        }
    sampled = {"reviews": len(chosen)} if len(chosen) < len(every) else {}
    for name, model in models.items():
        with atomic(Path("artifacts") / name) as folder:
            model.save(folder)
        write_json(Path(f"metrics/valid/{name}.json"), model.linear.figures | sampled)
    return {**{name: model.linear.figures["accuracy"] for name, model in models.items()}, **sampled}
