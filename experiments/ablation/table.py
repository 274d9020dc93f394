"""The table of the ablation."""

from experiments.table import Row, Runs, mean


def rows(runs: Runs) -> list[Row]:
    """Return a row per technique: the full model, then by falling log loss."""
    table: list[Row] = []
    for name, by_seed in runs.items():
        figures = {"validation accuracy": mean(by_seed, "accuracy"), "log loss": mean(by_seed, "log_loss")}
        table.append({"without": name.replace("_", " "), "seeds": len(by_seed), **figures})
    return sorted(table, key=lambda row: (row["without"] == "nothing", row["log loss"]), reverse=True)
