"""The LSTM classifier: network, batches, loss, training, and the folder that keeps it."""
