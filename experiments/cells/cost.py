"""Print what the study will cost before it is run: `python -m experiments.cells.cost`; about a minute.

Each cell takes a few training steps on random words. The seconds are those of the processor, so other work on the
machine does not count; the runs themselves take longer beside other work.

Reads:  data/tokens/train/ (how many reviews there are), artifacts/embeddings/config.json
"""

import math
import time
from pathlib import Path

import torch
from tabulate import tabulate
from torch.nn.functional import binary_cross_entropy_with_logits

from experiments.cells.budget import PERIODS, num_layers
from experiments.cells.run import RATES, SETTINGS, sizes_of
from pipeline.cells.table import CELLS
from pipeline.classify.network import Dropout, Network, NetworkConfig
from pipeline.core.ragged import load_labels
from stages.runner import read_params

N_STEPS, N_SEEDS, N_WORDS = 3, 3, 1000
OVERHEAD = 6.0  # seconds of a run for its start, loading and saving


def seconds_per_step(config: NetworkConfig, batch_size: int, n_steps: int = N_STEPS) -> float:
    """Return the processor's seconds of the fastest of a few training steps on one thread; a first one warms up."""
    torch.set_num_threads(1)
    network = Network(config, Dropout(0, 0))
    network.embedding.weight.requires_grad_(False)
    n_tokens = config.head_tokens + config.tail_tokens
    ids, lengths = torch.randint(config.n_words, (batch_size, n_tokens)), torch.full((batch_size,), n_tokens)
    labels, taken = torch.rand(batch_size).round(), []
    for _ in range(n_steps + 1):
        started = time.process_time()
        torch.autograd.backward(binary_cross_entropy_with_logits(network(ids, lengths), labels))
        taken.append(time.process_time() - started)
    return min(taken[1:])


def config_of(cell: str, vector_size: int, pooling: tuple[str, ...]) -> NetworkConfig:
    """Return the network of a cell in this study."""
    return NetworkConfig(
        n_words=N_WORDS,
        vector_size=vector_size,
        hidden_size=sizes_of(cell, vector_size)[0],
        num_layers=num_layers(cell),
        bidirectional=SETTINGS["bidirectional"],
        pooling=pooling,
        head_tokens=SETTINGS["head_tokens"],
        tail_tokens=SETTINGS["tail_tokens"],
        cell=cell,
        periods=PERIODS if CELLS[cell].periods else (),
    )


def main() -> None:
    """Time each cell and print the seconds of its runs, and the hours of all."""
    params = read_params()
    batch_size = params.classify.batch_size
    _, valid = load_labels(Path("data/tokens/train"))
    n_steps = SETTINGS["epochs"] * math.ceil(int((~valid).sum()) / batch_size)
    n_predicted = (SETTINGS["epochs"] + 1) * math.ceil(int(valid.sum()) / batch_size)  # a third of a step each
    rows, total, n_runs = [], 0.0, len(RATES) + N_SEEDS - 1
    for cell in CELLS:
        config = config_of(cell, params.embed.vector_size, tuple(params.classify.pooling))
        step = seconds_per_step(config, batch_size)
        seconds = OVERHEAD + step * (n_steps + n_predicted / 3)
        total += n_runs * seconds
        rows.append((cell, config.hidden_size, f"{1000 * step:.0f}", f"{seconds:.0f}", f"{n_runs * seconds / 60:.0f}"))
    head = ("cell", "width", "ms per step", "seconds per run", f"minutes of {n_runs} runs")
    print(tabulate(rows, head, "plain", disable_numparse=True))
    print(f"\n{len(rows) * n_runs} runs, about {total / 3600:.1f} hours of one undisturbed core.")


if __name__ == "__main__":
    main()
