"""Recurrent layers, one file per family."""
