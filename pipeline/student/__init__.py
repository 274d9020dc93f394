"""A network that learns from the labels and from the ensemble's predictions on unlabelled reviews."""
