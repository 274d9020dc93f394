"""The table of the parameters of the vectors."""

from experiments.table import Row, Runs, intrinsic, on_vectors


def rows(runs: Runs) -> list[Row]:
    """Return a row per value of a parameter, the default first."""
    table: list[Row] = []
    for name, by_seed in runs.items():
        key, _, value = name.rpartition("_")
        change: Row = {"parameter": f"`{key}`" if key else "", "value": int(value) if key else "default"}
        scores = {"analogies": intrinsic(by_seed, "analogies"), "WordSim-353": intrinsic(by_seed, "wordsim353")}
        table.append({**change, **scores, **on_vectors(by_seed)})
    return sorted(table, key=lambda row: (row["parameter"], row["value"]))
