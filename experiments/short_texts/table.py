"""The table of the short texts."""

from experiments.table import Row, Runs, mean


def rows(runs: Runs) -> list[Row]:
    """Return a row per kind of vectors, a column per model: accuracy and log loss."""
    models = ("bag_of_vectors", "tfidf", "nbsvm", "lstm_frozen", "lstm_finetuned")
    table: list[Row] = []
    for name, by_seed in sorted(runs.items(), reverse=True):
        cells = {f"`{model}`": f"{mean(by_seed, model)} ({mean(by_seed, f'{model}_log_loss')})" for model in models}
        table.append({"vectors": name, "seeds": len(by_seed), **cells})
    return table
