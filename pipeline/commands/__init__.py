"""The commands of `python -m pipeline`. Each imports heavy libraries only when it runs, so that all start fast."""
