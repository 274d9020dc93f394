"""The four variants of word2vec on the same reviews: skip-gram or CBOW, negative sampling or hierarchical softmax.

Each is trained with the default's other parameters and measured alone (analogies, similarities, with coverage) and by
what stands on it: the bag of vectors and the frozen LSTM, on validation. The seed is that of vectors and LSTM.

Reads:  data/tokens, data/corpus.txt
Writes: experiments/word2vec/results.json, the table in experiments/word2vec/README.md
"""

import statistics
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from experiments.elsewhere import folder, missing, run_stage
from experiments.runs import Figures, Items, Study, machines, main, mean_and_deviation, sections
from pipeline.core.files import read_json
from pipeline.params import Params
from stages.runner import read_params

INPUTS = ("data/tokens", "data/corpus.txt")
ARCHITECTURES = {"skipgram": "skip-gram", "cbow": "CBOW"}
LOSSES = {"negative_sampling": "negative sampling", "hierarchical_softmax": "hierarchical softmax"}
TIMES = {"skipgram": 1.0, "cbow": 0.4}  # about how long training takes, in times of skip-gram
SETS = ("semantic", "syntactic", "wordsim353", "simlex999")


def measure(changes: Mapping[str, Any], seed: int) -> Figures:
    """Train vectors and what stands on them; return scores of the vectors, and accuracies on validation."""
    with folder({**changes, "embed.seed": seed, "classify.num_threads": 1}, INPUTS) as where:
        run_stage(where, "embed")
        run_stage(where, "baseline")
        run_stage(where, "classify", "lstm_frozen", str(seed))
        scores = read_json(where / "metrics/embeddings.json")
        bag = read_json(where / "metrics/valid/bag_of_vectors.json")
        lstm = read_json(where / f"metrics/valid/lstm_frozen-{seed}.json")
        embed_seconds = read_json(where / "metrics/seconds/embed.json")["seconds"]
    return {
        **{name: scores[name] for name in ("analogies", *SETS)},
        "bag_of_vectors": bag["accuracy"],
        "lstm_frozen": lstm["accuracy"],
        "lstm_frozen_log_loss": lstm["log_loss"],
        "embed_seconds": embed_seconds,
    }


def table(items: Items) -> str:
    """Return the results as Markdown: each intrinsic score with its coverage, means over the seeds that there are."""
    lines = [
        "| variant | seeds | semantic analogies | syntactic analogies | WordSim-353 | SimLex-999"
        " | bag of vectors | frozen LSTM | its log loss | seconds to train |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, by_seed in items.items():
        if runs := list(by_seed.values()):
            cells = []
            for one in SETS:
                score = statistics.mean(run[one].get("accuracy", run[one].get("spearman")) for run in runs)
                cells.append(f"{score:.3f} ({100 * runs[0][one]['coverage']:.0f} %)")
            cells += [
                mean_and_deviation(run[key] for run in runs)
                for key in ("bag_of_vectors", "lstm_frozen", "lstm_frozen_log_loss")
            ]
            seconds = statistics.mean(run["embed_seconds"] for run in runs)
            lines.append(f"| {name} | {len(runs)} | {' | '.join(cells)} | {seconds:.0f} |")
    return "\n".join([*lines, "", f"{machines(items)}; a core each."])


def study(params: Params) -> Study:
    """Return the runs, and what they should cost by the seconds of the committed run."""
    changes = {
        f"{architecture}, {loss}": {"embed.architecture": a, "embed.loss": b}
        for a, architecture in ARCHITECTURES.items()
        for b, loss in LOSSES.items()
    }

    def seconds(name: str) -> float:
        return float(read_json(Path(f"metrics/seconds/{name}.json"))["seconds"])

    rest = seconds("baseline") + 1.7 * seconds("classify-lstm_frozen-1")
    return Study(
        results=Path("experiments/word2vec/results.json"),
        document=(Path("experiments/word2vec/README.md"), "variants"),
        key=sections(params, "fetch", "tokenize", "embed", "baseline", "classify"),
        measure={name: partial(measure, change) for name, change in changes.items()},
        core_seconds={
            name: TIMES[change["embed.architecture"]] * seconds("embed") + rest for name, change in changes.items()
        },
        table=table,
    )


if __name__ == "__main__":
    if lacking := missing(*INPUTS):
        sys.exit(f"error: {lacking}")
    main(study(read_params()), "experiments.word2vec.study", str(__doc__).splitlines()[0], seeds=(1,))
