"""Using the word vectors: neighbors, scores, model card, export, scikit-learn."""
