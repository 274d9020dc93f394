"""Use word vectors: neighbors, intrinsic scores, model cards, export, scikit-learn."""
