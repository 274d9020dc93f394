"""Train word vectors with word2vec, or read them from a file."""
