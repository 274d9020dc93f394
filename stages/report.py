"""Render the page of the results.

Reads:  metrics/, plots/, data/examples.json, data/polarity.json
Writes: report/index.html (not in git: it shows reviews)
Params: seeds, fetch, tokenize, embed, baseline, classify, maas, polarity, evaluate
"""

import csv
from pathlib import Path

from pipeline.core.errors import InputError
from pipeline.core.files import atomic, read_json
from pipeline.core.models import LSTMS
from pipeline.params import Params
from pipeline.report.charts import Rows
from pipeline.report.page import Results, page, timed
from stages.stage import run

METRICS, PLOTS, PAGE = Path("metrics"), Path("plots"), Path("report/index.html")


def read_rows(path: Path) -> Rows:
    """Read a CSV file as dictionaries."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise InputError(f"{path} is missing; `dvc repro` makes it") from None


def main(params: Params) -> None:
    """Gather, render, save; runs of seeds that are no longer listed stay out."""
    runs = [f"{model}-{seed}" for model in LSTMS for seed in params.seeds]
    results = Results(
        corpus=read_json(METRICS / "corpus.json"),
        embeddings=read_json(METRICS / "embeddings.json"),
        test=read_json(METRICS / "test.json"),
        paired=read_json(METRICS / "paired.json"),
        seconds={name: read_json(METRICS / "seconds" / f"{name}.json") for name in timed(params.seeds)},
        roc=read_rows(PLOTS / "roc.csv"),
        calibration=read_rows(PLOTS / "calibration.csv"),
        confusion=read_rows(PLOTS / "confusion.csv"),
        history={run: read_rows(PLOTS / "history" / f"{run}.csv") for run in runs},
        slices=read_rows(PLOTS / "slices.csv"),
        examples=read_json(Path("data/examples.json")),
        polarity=read_json(METRICS / "polarity.json"),
        words=read_json(Path("data/polarity.json")),
        provenance=read_json(METRICS / "provenance.json"),
        params=params.model_dump(),
    )
    with atomic(PAGE) as temporary:
        temporary.write_text(page(results), "utf-8")
    print(PAGE)


if __name__ == "__main__":
    run("report", main, timed=False)  # its seconds would change what it depends on
