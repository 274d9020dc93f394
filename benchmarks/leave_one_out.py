"""What each technique of the default classifier is worth: `make leave-one-out`.

Each is taken out alone, and `lstm_finetuned` trained with several seeds; figures are of validation. On a CPU as many
trainings run at once as there are cores, with one thread each, which reads more tokens a second than one training with
all threads. What has been measured with the same parameters and vectors stays, so that a run that was stopped goes on,
on another machine too; `--write docs/accuracy.md` puts the table of what there is between its marks.

Reads:  data/tokens, artifacts/embeddings, metrics/seconds
Writes: benchmarks/leave_one_out.json
"""

import argparse
import hashlib
import statistics
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from benchmarks.elsewhere import ROOT, folder, missing, run_stage
from pipeline.device import choose_device
from pipeline.files import read_json, write_json
from pipeline.marks import write_between_marks
from pipeline.params import Classify
from pipeline.tokenizer import available_cores
from stages.stage import read_params

RESULTS = Path("benchmarks/leave_one_out.json")
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
        name: ("lstm_finetuned", {f"classify.{k}": v for k, v in change.items()}) for name, change in changes.items()
    }
    return {**found, "fine-tuning": ("lstm_frozen", {}), "word2vec": ("lstm_random", {})}


def measure(model: str, changes: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Train once, on one thread; return accuracy and log loss on validation, and the seconds."""
    with folder({**changes, "classify.num_threads": 1}, INPUTS) as where:
        run_stage(where, "classify", model, str(seed))
        valid = read_json(where / f"metrics/valid/{model}-{seed}.json")
        cost = read_json(where / f"metrics/seconds/classify-{model}-{seed}.json")
    figures = {"accuracy": valid["accuracy"], "log_loss": valid["log_loss"]}
    return {**figures, "seconds": cost["seconds"], "hardware": cost["hardware"]}


def table(items: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Return the results as Markdown, mean and standard deviation over the seeds that there are, and the hardware."""
    lines = ["| without | seeds | validation accuracy | log loss | seconds |", "|---|---|---|---|---|"]
    for name, by_seed in items.items():
        if by_seed:
            runs = list(by_seed.values())
            accuracy, loss = ([run[key] for run in runs] for key in ("accuracy", "log_loss"))
            seconds = [run["seconds"] for run in runs if "seconds" in run]  # not of a run that was held up
            spread = f" ± {statistics.stdev(accuracy):.4f}" if len(runs) > 1 else ""
            lines.append(
                f"| {name} | {len(runs)} | {statistics.mean(accuracy):.4f}{spread} | {statistics.mean(loss):.4f}"
                f" | {f'{statistics.mean(seconds):.0f}' if seconds else ''} |"
            )
    machines = sorted({run["hardware"] for by_seed in items.values() for run in by_seed.values()})
    return "\n".join([*lines, "", f"{', '.join(machines)}; a training has one thread."])


def main() -> None:
    """Measure what is not there yet, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leave_one_out", description=__doc__.splitlines()[0])
    parser.add_argument("--write", metavar="FILE", help="write the table between the marks `leave-one-out` of a file")
    parser.add_argument("--runs", type=int, help="stop after so many")
    arguments = parser.parse_args()
    section = read_params().classify
    if lacking := missing(*INPUTS):
        sys.exit(f"error: {lacking}")
    vectors = hashlib.sha256((ROOT / "artifacts/embeddings/vectors.npy").read_bytes()).hexdigest()
    key = {"params": section.model_dump(), "vectors": vectors}
    known = read_json(RESULTS) if RESULTS.exists() else {}
    items = known["items"] if {name: known.get(name) for name in key} == key else {}
    wanted = techniques(section)
    items = {name: items.get(name, {}) for name in wanted}
    waiting = [(name, seed) for seed in SEEDS for name in wanted if str(seed) not in items[name]][: arguments.runs]
    one = read_json(Path("metrics/seconds/classify-lstm_finetuned-1.json"))["seconds"]
    n_jobs = available_cores() if choose_device(section.device).type == "cpu" else 1
    print(f"{len(waiting)} runs to go, {n_jobs} at once: {len(waiting) * one / 3600:.1f} hours at most")
    with ThreadPoolExecutor(n_jobs) as pool:
        futures = {pool.submit(measure, *wanted[name], seed): (name, seed) for name, seed in waiting}
        try:
            for future in as_completed(futures):
                name, seed = futures[future]
                items[name][str(seed)] = found = future.result()
                print(f"without {name}, seed {seed}: {found['accuracy']:.4f}", flush=True)
                write_json(RESULTS, {**key, "items": items})
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    print(table(items))
    if arguments.write:
        write_between_marks(Path(arguments.write), "leave-one-out", table(items))


if __name__ == "__main__":
    main()
