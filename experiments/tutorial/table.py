"""The table of the steps from the tutorial's LSTM to word2vec."""

from experiments.table import Row, Runs


def rows(runs: Runs) -> list[Row]:
    """Return a row per step of the way, and per test: its accuracy with the 95 % interval, and its cost."""
    tests = (
        ("the tutorial's protocol", "short_reviews", "sample"),
        ("the same network, all of test", "short_reviews", ""),
        ("trained on all reviews", "all_reviews", ""),
        ("started from word2vec", "word2vec", ""),
    )
    table: list[Row] = []
    for step, name, test in tests:
        for run in runs.get(name, []):
            scores = run[test] if test else run
            table.append(
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
    return table
