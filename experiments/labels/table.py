"""The table of the numbers of labels."""

from experiments.table import Row, Runs, mean

LINEAR, LSTMS = ("bag_of_vectors", "nbsvm"), ("lstm_random", "lstm_frozen", "lstm_finetuned")


def rows(runs: Runs) -> list[Row]:
    """Return a row per number of labels, a column per model."""
    numbers = sorted({name.partition("-")[2] for name in runs}, key=lambda n: (n == "all", len(n), n))
    table: list[Row] = []
    for number in numbers:
        by_model = {model: runs.get(f"linear-{number}", []) for model in LINEAR}
        by_model |= {model: runs.get(f"{model}-{number}", []) for model in LSTMS}
        cells = {f"`{model}`": mean(by_seed, model) for model, by_seed in by_model.items()}
        table.append({"labels": number, "draws": max(map(len, by_model.values())), **cells})
    return table
