"""Word vectors: trained with word2vec, or read from a file."""
