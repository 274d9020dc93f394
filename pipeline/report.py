"""The report: the results as a table, and as a page that opens offline."""

from collections.abc import Mapping

Scores = Mapping[str, Mapping[str, float]]


def seconds_of(model: str, seconds: Scores) -> float | None:
    """Return what fitting took, in seconds: an LSTM's mean over its seeds; the linear models are fitted together."""
    found = [value["seconds"] for name, value in seconds.items() if name.startswith(f"classify-{model}-")]
    if not found and "baseline" in seconds and not model.startswith("lstm"):
        found = [seconds["baseline"]["seconds"]]
    return sum(found) / len(found) if found else None


def results_table(test: Scores, seconds: Scores) -> str:
    """Return the results as a Markdown table, a model a row, best last as evaluated."""
    lines = [
        "| model | test accuracy | 95 % interval | ROC AUC | log loss | ECE | seconds to fit |",
        "|---|---|---|---|---|---|---|",
    ]
    for model, score in test.items():
        took = seconds_of(model, seconds)
        lines.append(
            f"| `{model}` | {score['accuracy']:.4f} | {score['accuracy_low']:.4f} to {score['accuracy_high']:.4f}"
            f" | {score['roc_auc']:.4f} | {score['log_loss']:.3f} | {score['ece']:.3f}"
            f" | {'' if took is None else f'{took:.0f}'} |"
        )
    return "\n".join(lines)
