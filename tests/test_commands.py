"""The command line of `python -m pipeline`."""

import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from pipeline.__main__ import main
from pipeline.cells.table import CELLS
from pipeline.commands.options import SeveralValues
from pipeline.core.models import BASELINES, ENSEMBLE, NETWORKS
from pipeline.ensemble.predictions import load_predictions
from tests.conftest import ROOT, Project, loaded_by

COMMANDS = [
    "predict", "serve", "neighbors", "export", "release", "card", "publish", "compare", "results", "preset", "cells",
    "mend",
]  # fmt: skip


def call(*arguments: str, stdin: str = "") -> Result:
    """Run a command in this process, in the current folder."""
    return CliRunner().invoke(main, arguments, input=stdin, prog_name="python -m pipeline")


def split(project: Project, *arguments: str, stdin: str = "", status: int = 0) -> tuple[str, str]:
    """Run a command in a project, in this process; return its standard output and its standard error."""
    with chdir(project.folder):
        result = call(*arguments, stdin=stdin)
    assert result.exit_code == status, result.output
    return result.stdout, result.stderr


def test_without_a_command_the_help_is_printed() -> None:
    done = subprocess.run([sys.executable, "-m", "pipeline"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: python -m pipeline ")
    listed = [line.split()[0] for line in done.stdout.partition("Commands:\n")[2].splitlines()]
    assert listed == COMMANDS
    assert "..." not in done.stdout.partition("Commands:\n")[2]
    assert done.stderr == ""


def test_the_help_imports_no_heavy_library() -> None:
    assert not {"torch", "gensim", "sklearn", "scipy", "pyarrow"} & loaded_by("import pipeline.__main__")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: python -m pipeline {command} " in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nosuch",), "No such command 'nosuch'"),
        (("serve", "--port", "70000"), "70000 is not in the range"),
        (("neighbors", "good", "--top", "0"), "0 is not in the range"),
        (("neighbors", "good", "--negative"), "Option '--negative' requires an argument"),
        (("neighbors", "--negative", "--top", "3"), "Option '--negative' requires an argument"),
        (("compare", "--level", "1"), "1.0 is not in the range"),
        (("compare", "--level", "0"), "0.0 is not in the range"),
        (("compare", "--level", "nan"), "nan is not in the range"),
        (("compare", "--level", "1e-17"), "1e-17 is not in the range"),
        (("compare", "--resamples", "9" * 25), "is not in the range"),
        (("compare", "--html", ""), "the name of the file is empty"),
        (("release", "--output", ""), "the name of the file is empty"),
        (("release", "--output", "."), "is a directory"),
        (("cells", "--hidden-size", "1000000"), "is not in the range"),
        (("cells", "--input-size", "9" * 25), "is not in the range"),
        (("compare", "--resamples", "many"), "'many' is not a valid integer"),
        (("export",), "Missing option '--format'"),
    ],
)
def test_wrong_usage_is_an_error_of_status_2(arguments: tuple[str, ...], message: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_input_error_is_one_line_on_standard_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("export", "--format", "word2vec")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: artifacts/embeddings/config.json is missing")
    assert result.stderr.count("\n") == 1


def test_a_release_does_not_replace_a_folder(project: Project, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").touch()
    split(project, "release", "--output", str(tmp_path), status=2)
    assert (tmp_path / "kept.txt").exists()


@pytest.mark.parametrize("arguments", [("preset", "demo"), ("results",)])
def test_a_file_to_write_into_that_is_no_text_is_one_line(
    project: Project, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY")
    _, said = split(project, *arguments, "--write", str(path), status=1)
    assert said.startswith(f"error: {path} is not readable as UTF-8 text (")
    assert said.count("\n") == 1
    assert path.read_bytes() == b"\x93NUMPY"


def test_what_cannot_be_encoded_is_printed_escaped() -> None:
    result = call("preset", "caf\udce9")  # as the shell passes a name in Latin-1
    assert result.exit_code == 1
    assert result.stdout == "--no-such-preset=caf\\udce9\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a", "b"], ((), ("a", "b"))),
        (["--several", "a", "b", "--single", "s", "c"], (("a", "b"), ("c",))),
        (["c", "--several", "a", "--several", "b", "-f"], (("a", "b"), ("c",))),
        (["--several=a", "c"], (("a", "c"), ())),
        (["--several=a=b", "--single=s", "c"], (("a=b",), ("c",))),
    ],
)
def test_an_option_takes_several_values(
    arguments: list[str], expected: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    parameters: list[click.Parameter] = [
        click.Argument(["word"], nargs=-1),
        click.Option(["--several"], multiple=True),
        click.Option(["--single"]),
        click.Option(["-f", "flag"], is_flag=True),
    ]
    context = SeveralValues("test", params=parameters).make_context("test", arguments)
    assert (context.params["several"], context.params["word"]) == expected


def test_predict_reads_arguments_a_file_and_standard_input(project: Project, tmp_path: Path) -> None:
    expected, messages = split(project, "predict", "the plot was really witty and warm .", "dull")
    assert [line.split("  ")[1] for line in expected.splitlines()] == ["the plot was really witty and warm .", "dull"]
    assert messages == ""
    text = "the plot was really witty and warm .\n\ndull\n \n"
    (tmp_path / "reviews.txt").write_text(text)
    for arguments, stdin in [
        (("--file", str(tmp_path / "reviews.txt")), ""),
        (("--file", "-"), text),
        ((), text),
    ]:
        assert split(project, "predict", *arguments, stdin=stdin) == (expected, "skipped 2 blank lines\n")


def test_predict_without_a_review_names_the_ways_to_give_one(project: Project) -> None:
    assert "error: no review given; pass one as an argument" in split(project, "predict", " ", status=1)[1]
    advice = split(project, "predict", "--file", "nosuch.txt", status=1)[1]
    assert advice == "error: nosuch.txt is missing; give one review per line\n"
    advice = split(project, "predict", "--file", ".", status=1)[1]
    assert advice.startswith("error: . cannot be read as UTF-8 text (")


@pytest.mark.parametrize("model", [*BASELINES, *NETWORKS, ENSEMBLE])
def test_predict_agrees_with_evaluate_for_every_model(project: Project, model: str) -> None:
    texts = pq.read_table(project.folder / "data/test.parquet")["text"].to_pylist()[:5]
    kept = load_predictions(project.folder / "predictions/test.json")
    column = f"{model}_1" if model in NETWORKS else model
    for folder in [model, f"artifacts/{model}", *([f"artifacts/{model}/1"] if model in NETWORKS else [])]:
        said, _ = split(project, "predict", "--model", folder, *texts)
        probabilities = [float(line.split()[0]) for line in said.splitlines()]
        assert probabilities == pytest.approx(kept[column].to_pylist()[:5], abs=1e-3 if model == ENSEMBLE else 1e-4)


def test_predict_never_advises_to_delete_a_good_folder(project: Project) -> None:
    _, message = split(project, "predict", "--model", "artifacts/embeddings", "dull", status=1)
    assert "artifacts/embeddings has word vectors, not a model" in message
    assert "delete" not in message


@pytest.mark.parametrize("command", ["predict --file {reviews}", "card artifacts/embeddings"])
def test_a_closed_pipe_ends_the_command_quietly(project: Project, tmp_path: Path, command: str) -> None:
    reviews = tmp_path / "reviews.txt"
    reviews.write_text("the plot was dull .\n" * 3000)
    shell = f'("{sys.executable}" -m pipeline {command.format(reviews=reviews)}; echo "status $?" >&2) | head -n 1'
    done = subprocess.run(
        ["sh", "-c", shell], cwd=project.folder, env=project.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr in ("status 0\n", "status 1\n")


def test_neighbors_folds_words_as_the_tokenizer_does(project: Project) -> None:
    lower, _ = split(project, "neighbors", "dull", "--top", "3")
    assert len(lower.splitlines()) == 3
    assert split(project, "neighbors", "DULL", "--top", "3") == (lower, "")
    both = split(project, "neighbors", "--positive", "witty", "dull", "--negative", "warm", "fresh", "--top", "2")
    assert both == split(project, "neighbors", "Witty", "dull", "--negative", "warm", "--negative", "fresh", "--top=2")
    assert "the word 'nosuchword' is not among" in split(project, "neighbors", "nosuchword", status=1)[1]
    assert "no word given" in split(project, "neighbors", "--negative", "dull", status=1)[1]


def test_cells_lists_each_with_parameters_and_source() -> None:
    result = call("cells", "--input-size", "7", "--hidden-size", "6", "--period", "1", "--period", "2")
    assert result.exit_code == 0
    listed = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert CELLS.keys() <= listed.keys()
    assert listed["vanilla"].split() == ["vanilla", "354", *CELLS["vanilla"].source.split()]
    assert "(2 layers)" in listed["depth_gated"]
    assert "mut1: layer 1 projects the bare x" in result.stdout


def test_cells_names_a_width_that_clockwork_cannot_have() -> None:
    result = call("cells", "--hidden-size", "7", "--period", "1", "--period", "2")
    assert result.exit_code == 1
    assert "hidden_size = 7 cannot be divided by 2; set hidden_size to 6 or 8" in result.stderr


@pytest.mark.parametrize("folder", ["artifacts/embeddings", "artifacts/tuned", "artifacts/lstm_finetuned/1"])
def test_card_prints_markdown(project: Project, folder: str) -> None:
    card, _ = split(project, "card", folder)
    assert card.startswith("# ")
    assert "2011" not in card
