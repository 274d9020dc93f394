"""The folder that a program without torch needs: the LSTM as ONNX, its vocabulary, its tokenizer."""

import os
from dataclasses import asdict
from pathlib import Path

from pipeline.classify.classifier import Classifier
from pipeline.core.errors import InputError
from pipeline.core.files import atomic, write_json
from pipeline.core.models import BASELINES, ENSEMBLE, NETWORKS, first_seed
from pipeline.core.vocabulary import write_types

FORMAT = 1
TARGET = Path("onnx-model")  # not `onnx`, which would shadow the package of that name


def export_onnx(model: str, artifacts: Path, target: Path | None = None) -> Path:
    """Write model.onnx, vocab.tsv, tokenizer.json and config.json; the same bytes each time.

    Args:
        model: the name of an LSTM, whose first seed is taken, or the folder of one or of one of its seeds.
        artifacts: the folder of the models.
        target: the folder to write, `onnx-model` in the working directory by default.

    Returns: the folder.

    Raises:
        InputError: the package onnx is missing, the folder exists, there is no such LSTM, its folder is broken, or it
            cannot be exported.
    """
    target = target or TARGET
    if os.path.lexists(target):
        raise InputError(f"{target} exists; name another place with --output, or delete it")
    if model in (*BASELINES, ENSEMBLE):
        raise InputError(f"{model} is no LSTM; only {', '.join(NETWORKS)} can be exported as onnx")
    folder = artifacts / model if model in NETWORKS else Path(model)
    if not folder.is_dir():
        raise InputError(
            f"there is no LSTM {model!r}; name one of {', '.join(NETWORKS)} after `dvc repro`, or the folder of one"
        )
    try:
        from pipeline.deploy.graph import onnx_model
    except ImportError as error:
        raise InputError(
            f"the format onnx needs the package onnx ({error});"
            " `pip install --require-hashes -r examples/requirements.lock` installs it"
        ) from None
    classifier = Classifier.load(first_seed(folder))
    content = onnx_model(classifier.network).SerializeToString(deterministic=True)
    with atomic(target) as temporary:
        temporary.mkdir()
        (temporary / "model.onnx").write_bytes(content)
        write_types(temporary / "vocab.tsv", classifier.words, classifier.counts)
        write_json(temporary / "tokenizer.json", dict(classifier.tokenizer))
        network = asdict(classifier.network.config)
        write_json(
            temporary / "config.json", {"format": FORMAT, "network": network, "training": dict(classifier.training)}
        )
    return target
