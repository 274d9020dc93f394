"""The charts of the studies: what they show, their files, and that these belong to the results."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments import charts, draw, figures
from experiments.cells.comparison import Compared, corrected
from pipeline.core.errors import InputError
from tests.conftest import ROOT

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" viewBox="0 0 9 9"><path fill="var(--ink)"/></svg>'
SPEC = {"description": "A description."}


def values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return list(spec["data"]["values"])


def test_the_ablation_is_paired_by_seed_with_a_pooled_variance() -> None:
    losses = {"nothing": (0.20, 0.21), "word2vec": (0.26, 0.27), "warmup": (0.20, 0.22)}
    runs = {name: {str(i): {"log_loss": loss} for i, loss in enumerate(each)} for name, each in losses.items()}
    rows = values(figures.ablation(runs))
    assert [row["name"] for row in rows] == ["word2vec", "warmup"]
    assert rows[0]["difference"] == pytest.approx(0.06)
    assert rows[1]["difference"] == pytest.approx(0.005)
    half = 4.303 * (0.5 * 0.00005 / 2) ** 0.5  # t of two degrees of freedom; the variances are 0 and 0.00005
    assert rows[0]["high"] - rows[0]["difference"] == pytest.approx(half, rel=1e-3)
    assert [row["clear"] for row in rows] == [True, False]
    single = {name: {"1": by_seed["1"]} for name, by_seed in runs.items()}
    assert not any(row["clear"] for row in values(figures.ablation(single)))


def test_cells_are_marked_by_their_corrected_test() -> None:
    tests = {"gru": Compared(0.01, 0.009, 0.04), "rnn": Compared(-0.2, 0.01, 1e-9)}
    rows = values(figures.cells(corrected(tests), "lstm", 0.05))
    assert [(row["name"], row["clear"]) for row in rows] == [("gru", True), ("rnn", True)]
    three = {**tests, "irnn": Compared(0.0, 0.009, 0.9)}
    clear = {row["name"]: row["clear"] for row in values(figures.cells(corrected(three), "lstm", 0.05))}
    assert clear == {"gru": False, "irnn": False, "rnn": True}


def test_labels_are_in_the_order_of_their_number() -> None:
    runs = {
        "linear-all": {"1": {"bag_of_vectors": 0.8, "nbsvm": 0.9}},
        "linear-1000": {"1": {"bag_of_vectors": 0.7, "nbsvm": 0.8}},
        "lstm_frozen-300": {"1": {"lstm_frozen": 0.6}, "2": {"lstm_frozen": 0.7}},
    }
    spec = figures.labels(runs)
    encoding = spec["layer"][0]["encoding"]
    assert encoding["x"]["sort"] == ["300", "1,000", "all"]
    assert encoding["color"]["scale"]["domain"] == ["bag_of_vectors", "nbsvm", "lstm_frozen"]
    assert len(values(spec)) == 6


def test_each_parameter_includes_the_default() -> None:
    run = {"1": {"lstm_frozen_log_loss": 0.2}}
    runs = {"default": run, "window_2": run, "vector_size_300": run}
    found = {
        (v["parameter"], v["value"], v["default"])
        for v in values(figures.parameters(runs, {"window": 10, "vector_size": 200}))
    }
    assert found == {
        ("window", 2, False),
        ("window", 10, True),
        ("vector_size", 300, False),
        ("vector_size", 200, True),
    }


def test_a_drawing_has_its_colors_for_light_and_dark() -> None:
    drawn = draw.with_colors(SVG, SPEC)
    assert draw.drawn_from(drawn) == draw.digest(SPEC) != draw.digest({})
    assert "<style>svg{--ink:#1d1f23;}@media(prefers-color-scheme:dark){svg{--ink:#e9e7e2;}}</style><path" in drawn
    assert draw.drawn_from(SVG) == ""
    assert draw.colors()["paper"] == ("#fdfcfa", "#15171a")
    assert {"ink", "quiet", "line", "red", "blue", "orange"} <= set(draw.colors())


def test_without_a_browser_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"no browser to draw with: looked for chromium, .*; install one of them"):
        draw.draw([SPEC])


def test_a_browser_that_draws_nothing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\necho '<drawn-charts>Error: a &lt;reason&gt;</drawn-charts>'\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(InputError, match=r"chromium draws no charts \(Error: a <reason>\)"):
        draw.draw([SPEC])


@pytest.fixture
def studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the studies and a gallery; drawing needs no browser."""
    for study in charts.TITLES:
        shutil.copytree(ROOT / "experiments" / study, tmp_path / "experiments" / study)
    (tmp_path / "docs").mkdir()
    for name in ("docs/gallery.md", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(charts, "draw", lambda specs: [draw.with_colors(SVG, spec) for spec in specs])
    return tmp_path / "experiments"


def test_one_command_writes_the_charts_the_pages_and_the_gallery(studies: Path) -> None:
    shutil.rmtree(studies / "labels/runs")
    (studies / "labels/chart.svg").unlink()
    page = (studies / "labels/README.md").read_text("utf-8")
    charts.main()
    assert (studies / "ablation/chart.svg").read_text("utf-8").startswith("<svg")
    assert not (studies / "labels/chart.svg").exists()
    assert (studies / "labels/README.md").read_text("utf-8") == page
    text = (studies.parent / "docs/gallery.md").read_text("utf-8")
    assert "](../experiments/ablation/chart.svg)" in text
    assert "The study has not run yet." in text
    for study in charts.TITLES:
        shutil.rmtree(studies / study / "runs", ignore_errors=True)
    with pytest.raises(InputError, match="no study has results; `dvc repro"):
        charts.main()


def test_the_cells_get_a_chart_once_they_have_results(studies: Path, rng: np.random.Generator) -> None:
    from tests.test_cells_study import results

    folder = studies / "cells/runs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    assert "cells" not in charts.specs(studies)
    for cell, by_rate in results(rng).items():
        for rate, by_seed in by_rate.items():
            for seed, run in by_seed.items():
                (folder / f"{cell}-{rate}-{seed}.json").write_text(json.dumps(run, default=float))
    assert [row["name"] for row in values(charts.specs(studies)["cells"])][-1] == "rnn"


def test_the_charts_in_git_are_those_of_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    remedy = "run `python -m experiments.charts`"
    specs = charts.specs(charts.STUDIES)
    for study, spec in specs.items():
        svg = (charts.STUDIES / study / "chart.svg").read_text("utf-8")
        assert draw.drawn_from(svg) == draw.digest(spec), remedy
        assert not re.search(r"(href|src)=|@import|url\(http", svg)
    assert charts.gallery(specs) in charts.GALLERY.read_text("utf-8"), remedy
