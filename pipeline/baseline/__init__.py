"""The linear models that the LSTM is compared with."""
