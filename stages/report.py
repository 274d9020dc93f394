"""Render the page of the results.

Reads:  metrics/, plots/, data/examples.json, data/polarity.json
Writes: report/index.html (not in git: it shows reviews)
Params: params.yaml
"""

import csv
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError
from pipeline.core.files import atomic, read_json
from pipeline.core.models import NETWORKS
from pipeline.core.params import Section
from pipeline.core.progress import Progress
from pipeline.report.charts import Rows
from pipeline.report.page import Results, page
from pipeline.report.tables import timed

METRICS, PLOTS, PAGE = Path("metrics"), Path("plots"), Path("report/index.html")


def read_rows(path: Path) -> Rows:
    """Read a CSV file as dictionaries.

    Raises:
        InputError: the file is missing.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise InputError(f"{path} is missing; `dvc repro` makes it") from None


def main(
    progress: Progress, *, seeds: list[int], fetch: Section, tokenize: Section, embed: Section, baseline: Section,
    classify: Section, maas: Section, polarity: Section, ensemble: Section, student: Section, evaluate: Section,
) -> dict[str, str]:  # fmt: skip
    """Read the results of the listed seeds, render the page, save it."""
    sections = {
        "fetch": fetch, "tokenize": tokenize, "embed": embed, "baseline": baseline, "classify": classify,
        "maas": maas, "polarity": polarity, "ensemble": ensemble, "student": student, "evaluate": evaluate,
    }  # fmt: skip
    runs = [f"{model}-{seed}" for model in NETWORKS for seed in seeds]
    names = ("corpus", "embeddings", "test", "paired", "gap", "polarity", "provenance")
    curves = ("roc", "calibration", "confusion", "slices")
    files: dict[str, Any] = {name: read_json(METRICS / f"{name}.json") for name in names}
    files |= {name: read_rows(PLOTS / f"{name}.csv") for name in curves}
    results = Results(
        **files,
        seconds={name: read_json(METRICS / "seconds" / f"{name}.json") for name in timed(seeds)},
        history={run: read_rows(PLOTS / "history" / f"{run}.csv") for run in runs},
        examples=read_json(Path("data/examples.json")),
        words=read_json(Path("data/polarity.json")),
        params={"seeds": seeds, **{name: section.model_dump() for name, section in sections.items()}},
    )
    with atomic(PAGE) as temporary:
        temporary.write_text(page(results), "utf-8")
    return {"page": str(PAGE)}
