"""The table of the kernels and instruction sets."""

import statistics
from collections.abc import Callable, Sequence

from experiments.record import Figures
from experiments.table import Row, Runs


def rows(runs: Runs) -> list[Row]:
    """Return a row per variant with one seed, then the spread over variants and that over seeds of the native one."""
    models = ("bag_of_vectors", "nbsvm", "lstm_frozen", "lstm_finetuned")

    def row(name: str, cell: Callable[[str], str]) -> Row:
        return {"kernels": name, **{f"`{model}`": f"{cell(model)} ({cell(f'{model}_log_loss')})" for model in models}}

    def deviation(of: Sequence[Figures]) -> Callable[[str], str]:
        return lambda key: f"{statistics.stdev(run[key] for run in of):.4f}"

    first = {name: by_seed[0] for name, by_seed in runs.items()}
    order = sorted(first, key=lambda name: (name != "native", name))
    table = [row(name.replace("_", " "), lambda key, name=name: f"{first[name][key]:.4f}") for name in order]  # type: ignore[misc]
    if len(first) > 1:
        table.append(row(f"standard deviation of these {len(first)}", deviation(list(first.values()))))
    if len(seeds := runs.get("native", [])) > 1:
        table.append(row(f"standard deviation of {len(seeds)} seeds", deviation(seeds)))
    return table
