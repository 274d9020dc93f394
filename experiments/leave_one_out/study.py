"""What each technique of the default classifier is worth: each is taken out alone, `lstm_finetuned` trained without it.

Figures are of validation. On a CPU as many trainings run at once as there are cores, with one thread each, which reads
more tokens a second than one training with all threads.

Reads:  data/tokens, artifacts/embeddings
Writes: experiments/leave_one_out/results.json, the table in docs/accuracy.md
"""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from experiments.elsewhere import folder, missing, run_stage
from experiments.runs import Figures, Items, Study, machines, main, mean_and_deviation, sections
from pipeline.classify.params import Classify
from pipeline.core.files import read_json
from pipeline.params import Params
from stages.runner import read_params

INPUTS = ("data/tokens", "artifacts/embeddings")
SEEDS = (1, 2, 3)


def techniques(section: Classify) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return by name the model and the changed parameters without each technique."""
    length = section.head_tokens + section.tail_tokens
    changes: dict[str, dict[str, Any]] = {
        "nothing": {},
        "adversarial training": {"adversarial": 0.0},
        "word dropout": {"word_dropout": 0.0},
        "embedding dropout": {"embedding_dropout": 0.0},
        "dropout before the logit": {"dropout": 0.0},
        "max pooling": {"pooling": ["mean"]},
        "mean pooling": {"pooling": ["max"]},
        "the reverse LSTM": {"bidirectional": False},
        "the tail of long reviews": {"head_tokens": length, "tail_tokens": 0},
        "the head of long reviews": {"head_tokens": 0, "tail_tokens": length},
        "a smaller learning rate for the vectors": {"embedding_lr": section.lr},
        "warm-up": {"warmup_frac": 0.0},
    }
    found = {
        name: ("lstm_finetuned", {f"classify.{k}": v for k, v in change.items()})
        for name, change in changes.items()
        if not change or any(getattr(section, k) != v for k, v in change.items())  # those that the default has
    }
    return {**found, "fine-tuning": ("lstm_frozen", {}), "word2vec": ("lstm_random", {})}


def measure(model: str, changes: Mapping[str, Any], seed: int) -> Figures:
    """Train once, on one thread; return accuracy and log loss on validation."""
    with folder({**changes, "classify.num_threads": 1}, INPUTS) as where:
        run_stage(where, "classify", model, str(seed))
        valid = read_json(where / f"metrics/valid/{model}-{seed}.json")
    return {"accuracy": valid["accuracy"], "log_loss": valid["log_loss"]}


def table(items: Items) -> str:
    """Return the results as Markdown, mean and standard deviation over the seeds that there are, and the hardware."""
    lines = ["| without | seeds | validation accuracy | log loss |", "|---|---|---|---|"]
    for name, by_seed in items.items():
        if runs := list(by_seed.values()):
            lines.append(
                f"| {name} | {len(runs)} | {mean_and_deviation(run['accuracy'] for run in runs)}"
                f" | {mean_and_deviation(run['log_loss'] for run in runs)} |"
            )
    return "\n".join([*lines, "", f"{machines(items)}; a training has one thread."])


def study(params: Params) -> Study:
    """Return the runs; a training on one thread takes about 1.7 times the seconds of one on two."""
    wanted = techniques(params.classify)
    one = 1.7 * read_json(Path("metrics/seconds/classify-lstm_finetuned-1.json"))["seconds"]
    return Study(
        results=Path("experiments/leave_one_out/results.json"),
        document=(Path("docs/accuracy.md"), "leave-one-out"),
        key=sections(params, "fetch", "tokenize", "embed", "classify"),
        measure={name: partial(measure, *parts) for name, parts in wanted.items()},
        core_seconds=dict.fromkeys(wanted, one),
        table=table,
    )


if __name__ == "__main__":
    if lacking := missing(*INPUTS):
        sys.exit(f"error: {lacking}")
    main(study(read_params()), "experiments.leave_one_out.study", str(__doc__).splitlines()[0], seeds=SEEDS)
