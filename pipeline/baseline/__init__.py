"""Linear models, as baselines for the LSTM."""
