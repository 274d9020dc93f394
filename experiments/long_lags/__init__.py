"""Recurrent cells on the long time lags of Hochreiter and Schmidhuber (1997) and of Bengio et al. (1994)."""
