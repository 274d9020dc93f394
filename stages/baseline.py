"""Fit the linear models: the bag of vectors, and the n-gram references that a reader will ask for.

Reads:  data/tokens/, data/corpus.txt, artifacts/embeddings/
Writes: artifacts/{bag_of_vectors,tfidf,nbsvm}/, metrics/valid/{bag_of_vectors,tfidf,nbsvm}.json
Params: baseline
"""

from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.bag_of_vectors import BagOfVectors
from pipeline.embeddings import Embeddings
from pipeline.files import atomic, write_json
from pipeline.ngrams import NGrams
from pipeline.params import Params
from pipeline.tokens import Ragged, load_array
from stages.stage import run

TRAIN = Path("data/tokens/train")


def main(params: Params) -> None:
    """Fit each on the same rows, choose C on the same validation reviews."""
    embeddings = Embeddings.load(Path("artifacts/embeddings"))
    reviews = Ragged.load(TRAIN)
    labels = load_array(TRAIN / "labels.npy", np.dtype(np.int8), 1)
    valid = load_array(TRAIN / "valid.npy", np.dtype(np.bool_), 1)
    with open("data/corpus.txt", encoding="utf-8", newline="\n") as file:
        lines = list(islice(file, len(reviews)))  # train comes first

    section = params.baseline
    known = reviews.below(len(embeddings.words))
    models: dict[str, BagOfVectors | NGrams] = {
        "bag_of_vectors": BagOfVectors.fit(known, labels, valid, embeddings.vectors, section),
        "tfidf": NGrams.fit("tfidf", lines, labels, valid, section),
        "nbsvm": NGrams.fit("nbsvm", lines, labels, valid, section),
    }
    for name, model in models.items():
        with atomic(Path("artifacts") / name) as folder:
            model.save(folder)
        accuracy = round(model.linear.valid_accuracy[model.linear.C], 4)
        write_json(Path(f"metrics/valid/{name}.json"), {"accuracy": accuracy, "C": model.linear.C})
        print(f"{name}: validation accuracy {accuracy:.4f} with C = {model.linear.C:g}")


if __name__ == "__main__":
    run("baseline", main)
