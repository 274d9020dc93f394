"""Write the results of a study into its README.md: `python -m experiments.table STUDY`.

Reads:  experiments/STUDY/runs/
Writes: the part of experiments/STUDY/README.md between the markers `runs`
"""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from tabulate import tabulate

from experiments.long_lags import summary as long_lags
from experiments.record import Figures
from pipeline.core.files import read_json
from pipeline.report.markers import write_between_markers

Runs: TypeAlias = Mapping[str, list[Figures]]  # the figures of each seed, by the name of the run
Row: TypeAlias = dict[str, str | int]  # cells by column
SCORES = {
    "semantic": "semantic analogies",
    "syntactic": "syntactic analogies",
    "wordsim353": "WordSim-353",
    "simlex999": "SimLex-999",
}
LINEAR, LSTMS = ("bag_of_vectors", "nbsvm"), ("lstm_random", "lstm_frozen", "lstm_finetuned")


def read_by_seed(folder: Path) -> dict[str, dict[str, Figures]]:
    """Read the files NAME-SEED.json of a folder, by name and seed."""
    runs: dict[str, dict[str, Figures]] = {}
    for path in sorted(folder.glob("*.json")):
        name, _, seed = path.stem.rpartition("-")
        runs.setdefault(name, {})[seed] = read_json(path)
    return runs


def read_runs(folder: Path) -> Runs:
    """Read the files NAME-SEED.json of a folder, by name."""
    return {name: list(by_seed.values()) for name, by_seed in read_by_seed(folder).items()}


def totals(every: Sequence[Figures]) -> str:
    """Say how many runs there are, their time, and their hardware; runs without seconds took those of the others."""
    known = [run["seconds"] for run in every if "seconds" in run]
    hours = statistics.mean(known or [0]) * len(every) / 3600
    hardware = ", ".join(sorted({run["hardware"] for run in every}))
    return f"{len(every)} runs, {hours:.1f} hours of one core: {hardware}."


def mean(by_seed: list[Figures], key: str) -> str:
    """Format the mean of a figure, with the standard deviation if there are several seeds: `0.9150 ± 0.0071`."""
    values = [run[key] for run in by_seed]
    spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f}{spread}" if values else ""


def intrinsic(by_seed: list[Figures], key: str) -> str:
    """Format the mean of an intrinsic score, with its coverage: `0.258 (92 %)`."""
    score = statistics.mean(run[key].get("accuracy", run[key].get("spearman")) for run in by_seed)
    return f"{score:.3f} ({100 * by_seed[0][key]['coverage']:.0f} %)"


def on_vectors(by_seed: list[Figures]) -> Row:
    """Return the cells about the models on top of some vectors, and the time that the vectors took."""
    return {
        "seeds": len(by_seed),
        "bag of vectors": mean(by_seed, "bag_of_vectors"),
        "frozen LSTM": mean(by_seed, "lstm_frozen"),
        "its log loss": mean(by_seed, "lstm_frozen_log_loss"),
        "seconds to train the vectors": f"{statistics.mean(run['embed_seconds'] for run in by_seed):.0f}",
    }


def ablation(runs: Runs) -> list[Row]:
    """Return a row per technique: the full model, then by falling log loss."""
    rows: list[Row] = []
    for name, by_seed in runs.items():
        figures = {"validation accuracy": mean(by_seed, "accuracy"), "log loss": mean(by_seed, "log_loss")}
        rows.append({"without": name.replace("_", " "), "seeds": len(by_seed), **figures})
    return sorted(rows, key=lambda row: (row["without"] == "nothing", row["log loss"]), reverse=True)


def word2vec(runs: Runs) -> list[Row]:
    """Return a row per variant, skip-gram first."""
    rows: list[Row] = []
    for name, by_seed in sorted(runs.items(), reverse=True):
        scores = {title: intrinsic(by_seed, key) for key, title in SCORES.items()}
        rows.append({"variant": name.replace("-", ", ").replace("_", " "), **scores, **on_vectors(by_seed)})
    return rows


def parameters(runs: Runs) -> list[Row]:
    """Return a row per value of a parameter, the default first."""
    rows: list[Row] = []
    for name, by_seed in runs.items():
        key, _, value = name.rpartition("_")
        change: Row = {"parameter": f"`{key}`" if key else "", "value": int(value) if key else "default"}
        scores = {"analogies": intrinsic(by_seed, "analogies"), "WordSim-353": intrinsic(by_seed, "wordsim353")}
        rows.append({**change, **scores, **on_vectors(by_seed)})
    return sorted(rows, key=lambda row: (row["parameter"], row["value"]))


def labels(runs: Runs) -> list[Row]:
    """Return a row per number of labels, a column per model."""
    numbers = sorted({name.partition("-")[2] for name in runs}, key=lambda n: (n == "all", len(n), n))
    rows: list[Row] = []
    for number in numbers:
        by_model = {model: runs.get(f"linear-{number}", []) for model in LINEAR}
        by_model |= {model: runs.get(f"{model}-{number}", []) for model in LSTMS}
        cells = {f"`{model}`": mean(by_seed, model) for model, by_seed in by_model.items()}
        rows.append({"labels": number, "draws": max(map(len, by_model.values())), **cells})
    return rows


def short_texts(runs: Runs) -> list[Row]:
    """Return a row per kind of vectors, a column per model: accuracy and log loss."""
    models = ("bag_of_vectors", "tfidf", "nbsvm", "lstm_frozen", "lstm_finetuned")
    rows: list[Row] = []
    for name, by_seed in sorted(runs.items(), reverse=True):
        cells = {f"`{model}`": f"{mean(by_seed, model)} ({mean(by_seed, f'{model}_log_loss')})" for model in models}
        rows.append({"vectors": name, "seeds": len(by_seed), **cells})
    return rows


def machines(runs: Runs) -> list[Row]:
    """Return a row per variant with one seed, then the spread over variants and that over seeds of the native one."""
    models = (*LINEAR, "lstm_frozen", "lstm_finetuned")

    def row(name: str, cell: Callable[[str], str]) -> Row:
        return {"kernels": name, **{f"`{model}`": f"{cell(model)} ({cell(f'{model}_log_loss')})" for model in models}}

    def deviation(of: Sequence[Figures]) -> Callable[[str], str]:
        return lambda key: f"{statistics.stdev(run[key] for run in of):.4f}"

    first = {name: by_seed[0] for name, by_seed in runs.items()}
    order = sorted(first, key=lambda name: (name != "native", name))
    rows = [row(name.replace("_", " "), lambda key, name=name: f"{first[name][key]:.4f}") for name in order]  # type: ignore[misc]
    if len(first) > 1:
        rows.append(row(f"standard deviation of these {len(first)}", deviation(list(first.values()))))
    if len(seeds := runs.get("native", [])) > 1:
        rows.append(row(f"standard deviation of {len(seeds)} seeds", deviation(seeds)))
    return rows


def tutorial(runs: Runs) -> list[Row]:
    """Return a row per step of the way, and per test: its accuracy with the 95 % interval, and its cost."""
    tests = (
        ("the tutorial's protocol", "short_reviews", "sample"),
        ("the same network, all of test", "short_reviews", ""),
        ("trained on all reviews", "all_reviews", ""),
        ("started from word2vec", "word2vec", ""),
    )
    rows: list[Row] = []
    for step, name, test in tests:
        for run in runs.get(name, []):
            scores = run[test] if test else run
            rows.append(
                {
                    "step": step,
                    "training reviews": f"{run['n_train']:,}",
                    "test reviews": f"{scores['n']:,}",
                    "accuracy": f"{scores['accuracy']:.4f}",
                    "95 % interval": f"{scores['accuracy_low']:.4f} to {scores['accuracy_high']:.4f}",
                    "log loss": f"{scores['log_loss']:.4f}",
                    "epochs": run["epochs"],
                    "seconds": f"{run['seconds']:.0f}",
                }
            )
    return rows


TABLES = {table.__name__: table for table in (ablation, word2vec, parameters, labels, short_texts, machines, tutorial)}
TABLES["long_lags"] = long_lags.rows


def table(study: str, runs: Runs) -> str:
    """Return the results as Markdown, with the number of runs, their time and their hardware."""
    every = [run for by_seed in runs.values() for run in by_seed]
    return f"{tabulate(TABLES[study](runs), 'keys', 'pipe', disable_numparse=True)}\n\n{totals(every)}"


def main(study: str) -> None:
    """Write the table of a study."""
    folder = Path("experiments") / study
    write_between_markers(folder / "README.md", "runs", table(study, read_runs(folder / "runs")))


if __name__ == "__main__":
    main(*sys.argv[1:])
