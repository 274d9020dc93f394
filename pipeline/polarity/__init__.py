"""Measure how well each kind of word vectors separates positive from negative words."""
