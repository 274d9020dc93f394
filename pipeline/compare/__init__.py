"""Comparing revisions of the project by their predictions."""
