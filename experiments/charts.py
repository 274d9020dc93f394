"""Draw the results of the studies, with the system's Chromium: `python -m experiments.charts`.

Reads:  experiments/STUDY/runs/ of the studies below, and the section `embed` of params.yaml
Writes: experiments/STUDY/chart.svg; the parts of experiments/STUDY/README.md and docs/gallery.md between the markers
    `chart` and `charts`

A study without results has no chart.
"""

from collections.abc import Mapping
from pathlib import Path

from experiments import figures
from experiments.cells.table import LEVEL, REFERENCE, against_reference, read_results
from experiments.draw import draw
from experiments.table import read_by_seed
from pipeline.core.errors import InputError
from pipeline.core.files import atomic
from pipeline.report.charts import Spec
from pipeline.report.markers import write_between_markers
from stages.runner import read_params

STUDIES = Path("experiments")
GALLERY = Path("docs/gallery.md")
TITLES = {
    "parameters": "What the parameters of the vectors contribute",
    "labels": "What vectors are worth when labels are scarce",
    "ablation": "What each technique contributes",
    "cells": "All cells at one budget",
}
CAPTIONS = {
    "parameters": "Validation log loss of an LSTM on frozen vectors, trained with one parameter of `embed` changed;"
    " the lower the better. Orange: the default.",
    "labels": "Validation accuracy of each model, fitted to some of the labelled reviews.",
    "ablation": "How much the validation log loss of the fine-tuned LSTM rises without each technique. Rings: the"
    " seeds; dot: their mean; bar: its 95 % interval over seeds, whose variance is pooled over the techniques. Blue:"
    " the interval excludes 0.",
    "cells": f"Validation accuracy of each cell minus that of `{REFERENCE}`. Bar: the 95 % interval over reviews and"
    " seeds. Blue: the difference exceeds noise, with p corrected for the number of cells.",
}


def specs(folder: Path) -> dict[str, Spec]:
    """Return the chart of each study in a folder that has results."""
    names = ("parameters", "labels", "ablation")
    parameters, labels, ablation = (read_by_seed(folder / name / "runs") for name in names)
    tests = against_reference(read_results(folder / "cells/runs"))
    charts: dict[str, Spec] = {}
    if "default" in parameters:
        charts["parameters"] = figures.parameters(parameters, read_params().embed.model_dump())
    if labels:
        charts["labels"] = figures.labels(labels)
    if "nothing" in ablation:
        charts["ablation"] = figures.ablation(ablation)
    if tests:
        charts["cells"] = figures.cells(tests, REFERENCE, LEVEL)
    return charts


def image(study: str, spec: Spec, path: str) -> str:
    """Return the picture of a study in Markdown, with its caption."""
    return f"![{spec['description']}]({path})\n\n{CAPTIONS[study]}"


def gallery(charts: Mapping[str, Spec]) -> str:
    """Return all pictures in Markdown, with links to their studies."""
    parts = []
    for study, title in TITLES.items():
        folder = f"../experiments/{study}"
        shown = image(study, charts[study], f"{folder}/chart.svg") if study in charts else "The study has not run yet."
        parts.append(f"## {title}\n\n{shown}\n\n[The study, with its figures]({folder}/README.md)")
    return "\n\n".join(parts)


def main() -> None:
    """Draw all charts.

    Raises:
        InputError: no study has results, or there is no browser.
    """
    charts = specs(STUDIES)
    if not charts:
        raise InputError("no study has results; `dvc repro experiments/ablation/dvc.yaml` makes those of one")
    for (study, spec), svg in zip(charts.items(), draw(list(charts.values())), strict=True):
        with atomic(STUDIES / study / "chart.svg") as temporary:
            temporary.write_text(svg, "utf-8")
        write_between_markers(STUDIES / study / "README.md", "chart", image(study, spec, "chart.svg"))
    write_between_markers(GALLERY, "charts", gallery(charts))


if __name__ == "__main__":
    main()
