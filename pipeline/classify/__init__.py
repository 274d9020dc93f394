"""The LSTM classifier: network, batches, loss, training, and its folder of files."""
