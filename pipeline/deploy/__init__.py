"""A trained LSTM as an ONNX file, with all that a program without torch needs."""
