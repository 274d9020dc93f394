"""The tasks, one file per family: each is a function that draws a batch; table.py has their criteria of success."""
