"""Word2vec vectors, an LSTM that reads them, and the linear models it is compared with."""
