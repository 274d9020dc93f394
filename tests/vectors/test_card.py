"""The model card."""

import numpy as np

from pipeline.core.embeddings import Embeddings
from pipeline.vectors.card import model_card


def test_the_card_names_data_parameters_scores_and_limits() -> None:
    training = {"model": "CBOW with hierarchical softmax", "window": 7, "n_reviews": 1234, "corpus_sha256": "abc"}
    embeddings = Embeddings(np.ones((2, 3), np.float32), ["a", "b"], np.array([2, 1]), {"name": "toktok"}, training)
    scores = {"analogies": {"accuracy": 0.25, "coverage": 0.3}, "simlex999": {"spearman": 0.4, "coverage": 0.9}}
    card = model_card(embeddings, scores)
    for said in (
        "2 words, 3 dimensions, float32: CBOW with hierarchical softmax, trained on 1,234 reviews",
        "toktok",
        "`abc`",
        "- `window`: 7",
        "| Google analogies | 0.250 right | 0.300 |",
        "| SimLex-999 | 0.400 rank correlation | 0.900 |",
        "## Limits and biases",
        "## Licence",
    ):
        assert said in card
