"""The word vectors of Maas et al. (2011), which encode sentiment."""
