"""The exported folder: the command, its errors, and the example that predicts without torch."""

import json
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from pipeline.__main__ import main
from pipeline.classify.classifier import Classifier
from pipeline.core.errors import InputError
from pipeline.core.models import BASELINES, ENSEMBLE, NETWORKS
from pipeline.deploy.export import export_onnx
from pipeline.serve.text_model import TextModel
from tests.classify.networks import network_of
from tests.classify.test_classifier import break_it
from tests.conftest import ROOT, Project

WORDS = ["the", "film", "plot", "bad", "good", "not", ",", ".", "!", ":)", "don't"]
TEXTS = [
    "The plot, not the film, is BAD<br />!",
    "",
    "unknown words alone",
    "good " * 10 + "film . don't " * 9,  # longer than head and tail
    *("not good " * n for n in range(1, 12)),
]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["export", "--format", "onnx", *arguments])


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A run's folder, with artifacts of one LSTM."""
    tokenizer = {"name": "tweet", "lowercase": True, "punkt": None}
    training = {"model": "lstm_frozen", "seed": 1}
    classifier = Classifier(network_of(), WORDS, np.arange(11)[::-1].copy(), tokenizer, training)
    classifier.save(tmp_path / "artifacts/lstm_frozen/1")
    return tmp_path


@pytest.fixture
def onnx() -> None:
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed; `make test` installs it")


def example(folder: Path, texts: list[str]) -> list[float]:
    """Run the example where no other library of the project can be imported."""
    code = (
        "import runpy, sys\n"
        "for name in ('torch', 'gensim', 'onnx', 'sklearn', 'scipy', 'pyarrow', 'pydantic', 'safetensors', 'click'):\n"
        "    sys.modules[name] = None\n"
        "runpy.run_module('examples.predict_onnx', run_name='__main__')"
    )
    command = [sys.executable, "-c", code, str(folder), *texts]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [float(line.split("  ")[0]) for line in done.stdout.splitlines()]


@pytest.mark.usefixtures("onnx")
def test_the_example_predicts_what_torch_does_without_it(trained: Path) -> None:
    with chdir(trained):
        assert call("--model", "lstm_frozen").output == "onnx-model\n"
    expected = TextModel.load(trained / "artifacts/lstm_frozen").probabilities(TEXTS)
    assert example(trained / "onnx-model", TEXTS) == pytest.approx(expected, abs=1e-4)
    assert len(set(expected.round(3))) > 5


@pytest.mark.usefixtures("onnx")
def test_the_folder_has_the_files_of_the_model_and_is_the_same_each_time(trained: Path) -> None:
    run = trained / "artifacts/lstm_frozen/1"
    for name in ("a", "b"):
        assert export_onnx(str(run), Path("artifacts"), trained / name) == trained / name
    files = sorted(file.name for file in (trained / "a").iterdir())
    assert files == ["config.json", "model.onnx", "tokenizer.json", "vocab.tsv"]
    for file in files:
        assert (trained / "a" / file).read_bytes() == (trained / "b" / file).read_bytes()
    for file in ("tokenizer.json", "vocab.tsv"):
        assert (trained / "a" / file).read_bytes() == (run / file).read_bytes()
    config, trained_as = (json.loads((path / "config.json").read_text()) for path in (trained / "a", run))
    assert config == {"format": 1, "network": trained_as["shape"], "training": trained_as["training"]}


@pytest.mark.usefixtures("onnx")
def test_an_exported_folder_is_no_model_of_the_pipeline(trained: Path) -> None:
    export_onnx("lstm_frozen", trained / "artifacts", trained / "a")
    with pytest.raises(InputError, match=r"config\.json lacks shape: .*describes another kind of model"):
        TextModel.load(trained / "a")


@pytest.mark.usefixtures("onnx")
@pytest.mark.parametrize("model", NETWORKS)
def test_each_lstm_of_a_run_gives_the_probabilities_of_torch(model: str, project: Project, tmp_path: Path) -> None:
    texts = pq.read_table(project.folder / "data/train.parquet")["text"].to_pylist()[:20]
    exported = export_onnx(model, project.folder / "artifacts", tmp_path / "exported")
    expected = TextModel.load(project.folder / "artifacts" / model).probabilities(texts)
    from examples.predict_onnx import Model  # needs onnxruntime

    assert Model(exported).probabilities(texts) == pytest.approx(expected, abs=1e-4)


def test_nothing_is_overwritten(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    (trained / "onnx-model").write_text("mine")
    (trained / "link").symlink_to("nowhere")
    assert "error: onnx-model exists; name another place with --output, or delete it" in call().stderr
    assert "error: link exists" in call("--output", "link").stderr
    assert (trained / "onnx-model").read_text() == "mine"


@pytest.mark.parametrize("model", [*BASELINES, ENSEMBLE])
def test_a_model_that_is_no_lstm_is_refused(model: str, trained: Path) -> None:
    with pytest.raises(InputError, match=f"{model} is no LSTM; only lstm_random, .* can be exported as onnx"):
        export_onnx(model, trained / "artifacts", trained / "a")
    (trained / model).mkdir()
    (trained / model / "config.json").write_text(f'{{"format": 1, "model": "{model}"}}')
    if model != ENSEMBLE:
        (trained / model / "weights.npz").touch()
    with pytest.raises(InputError, match=r"is a linear model, not an LSTM|describes another kind of model"):
        export_onnx(str(trained / model), trained / "artifacts", trained / "a")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("lstm", "there is no LSTM 'lstm'; name one of lstm_random, lstm_frozen"),
        ("lstm_random", "there is no LSTM 'lstm_random'; name one of"),  # not trained
        (".", "has no classifier; train one with `dvc repro`"),
    ],
)
def test_a_model_that_is_not_there_is_reported(
    model: str, said: str, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    result = call("--model", model)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (trained / "onnx-model").exists()


@pytest.mark.usefixtures("onnx")
@pytest.mark.parametrize("kind", ["vocab.tsv", "tokenizer.json", "cut", "words", "version", "infinite"])
def test_a_broken_folder_is_reported_and_nothing_is_written(kind: str, trained: Path) -> None:
    break_it(trained / "artifacts/lstm_frozen/1", kind)
    before = sorted(trained.iterdir())
    with pytest.raises(InputError, match=r"artifacts/lstm_frozen/1.*`dvc "):
        export_onnx("lstm_frozen", trained / "artifacts", trained / "a")
    assert sorted(trained.iterdir()) == before


def test_without_the_package_the_command_that_installs_it_is_named(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "pipeline.deploy.graph", raising=False)
    result = call("--model", "lstm_frozen")
    assert result.exit_code == 1
    assert "error: the format onnx needs the package onnx" in result.stderr
    assert "`pip install --require-hashes -r examples/requirements.lock` installs it" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(("name", "option"), [("onnx", "--embeddings"), ("glove", "--model")])
def test_an_option_of_another_format_is_refused(name: str, option: str) -> None:
    result = CliRunner().invoke(main, ["export", "--format", name, option, "x"])
    assert result.exit_code == 1
    assert f"error: the format {name} does not read {option}; give " in result.stderr
