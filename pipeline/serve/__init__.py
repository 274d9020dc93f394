"""A local page on which all models judge a typed review."""
