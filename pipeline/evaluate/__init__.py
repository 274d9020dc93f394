"""Scores, intervals and tests on the test reviews."""
