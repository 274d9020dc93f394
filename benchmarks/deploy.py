"""The exported LSTM in ONNX Runtime, compared with the one in torch, on unlabelled reviews."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from benchmarks.measure import Rate, figure, per_second, side_by_side
from experiments.sandbox import ROOT
from pipeline.core.models import LEAD, first_seed
from pipeline.deploy.export import export_onnx
from pipeline.serve.text_model import TextModel

N_REVIEWS, N_TIMED, N_BATCH = 1000, 200, 50
NEEDS = (f"artifacts/{LEAD}", "data/unsup.parquet")


def figures() -> Iterator[dict[str, Any]]:
    """Measure size, difference and speed; both models read texts, so both rates include the tokenizer."""
    try:
        from examples.predict_onnx import Model
    except ImportError as error:
        print(f"skipped: deploy; {error}; `make bench` installs it")
        return
    trained = ROOT / "artifacts" / LEAD
    table = pq.ParquetFile(ROOT / "data/unsup.parquet")
    texts = next(table.iter_batches(N_REVIEWS, columns=["text"]))["text"].to_pylist()
    with tempfile.TemporaryDirectory() as name:
        folder = export_onnx(LEAD, ROOT / "artifacts", Path(name) / "exported")
        size = (folder / "model.onnx").stat().st_size / 1e6
        before = (first_seed(trained) / "model.safetensors").stat().st_size / 1e6
        unit, against = f"times the size, {size:.1f} MB", f"model.safetensors, {before:.1f} MB"
        yield figure("model.onnx", size / before, unit, against, None, 1)
        ours, theirs = Model(folder), TextModel.load(trained)
    batches = [texts[start : start + N_BATCH] for start in range(0, len(texts), N_BATCH)]
    said = np.concatenate([ours.probabilities(batch) for batch in batches])
    difference = 1e6 * float(np.abs(said - theirs.probabilities(texts)).max())
    what, against = "ONNX Runtime, largest difference", f"torch's probabilities of {len(texts):,} reviews, at most"
    yield figure(what, difference, "millionths", against, 100, 1)
    few = texts[:N_TIMED]

    def rate_of(model: Any) -> Rate:
        return per_second(len(few), lambda: [model.probabilities([text]) for text in few])

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the example and `serve` do: the steps are small
    what, against = "ONNX Runtime, one review at a time", "torch; one thread and the tokenizer in both"
    entry = side_by_side(what, "reviews/s", rate_of(ours), rate_of(theirs), against, 1.0)
    torch.set_num_threads(n_threads)
    yield entry
