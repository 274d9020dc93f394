"""Predict with an exported LSTM: needs onnxruntime, numpy and the project's tokenizer, neither torch nor gensim.

python -m pipeline export --format onnx
python -m examples.predict_onnx onnx-model "A wonderful film." "A waste of time."
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from pipeline.tokenize.tokenizer import Tokenizer


class Model:
    """The files of an exported folder."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the LSTM's steps are small: more threads would wait for each other
        self.session = onnxruntime.InferenceSession(folder / "model.onnx", options)
        self.tokenizer = Tokenizer.from_config(json.loads((folder / "tokenizer.json").read_bytes()))
        self.config = json.loads((folder / "config.json").read_bytes())["network"]
        lines = (folder / "vocab.tsv").read_bytes().decode().split("\n")[:-1]
        self.ids = {line.split("\t")[0]: row for row, line in enumerate(lines)}

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Return the probability that each text is positive, float32 [n_texts]."""
        head, tail, padding = (self.config[key] for key in ("head_tokens", "tail_tokens", "n_words"))
        reviews = [[self.ids[token] for token in self.tokenizer(text) if token in self.ids] for text in texts]
        reviews = [ids[:head] + ids[max(head, len(ids) - tail) :] or [padding] for ids in reviews]
        lengths = np.array([len(ids) for ids in reviews])
        padded = np.array([ids + [padding] * (lengths.max() - len(ids)) for ids in reviews])
        probabilities: np.ndarray = self.session.run(None, {"ids": padded, "lengths": lengths})[0]
        return probabilities


if __name__ == "__main__":
    for text, probability in zip(sys.argv[2:], Model(Path(sys.argv[1])).probabilities(sys.argv[2:]), strict=True):
        print(f"{probability:.4f}  {text}")
