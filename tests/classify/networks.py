"""Small networks with random weights, and reviews for them."""

from dataclasses import replace
from typing import Any

import torch

from pipeline.classify.batches import Reviews
from pipeline.classify.network import Dropout, Network, NetworkConfig
from tests.rows import ragged

CPU = torch.device("cpu")
CONFIG = NetworkConfig(
    n_words=11,
    vector_size=5,
    hidden_size=4,
    num_layers=2,
    bidirectional=True,
    pooling=("max", "mean", "last"),
    head_tokens=6,
    tail_tokens=9,
)


def network_of(**changes: Any) -> Network:
    torch.manual_seed(0)
    network = Network(replace(CONFIG, **changes), Dropout(0.2, 0.2))
    with torch.no_grad():
        network.embedding.weight[-1] = 0
    return network.eval()


def reviews_of(rows: list[list[int]], config: NetworkConfig = CONFIG) -> Reviews:
    return Reviews(ragged(rows), config, CPU)
