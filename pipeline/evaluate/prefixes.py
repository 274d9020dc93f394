"""Prefix probabilities: the model's output after each word.

Shapes: n words of a review that the network reads, P prefixes of them, D vector size, H hidden size.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor

from pipeline.cells.stack import Layers
from pipeline.classify.batches import head_and_tail
from pipeline.classify.classifier import Classifier
from pipeline.classify.network import Network
from pipeline.core.ragged import Ragged


@dataclass(frozen=True)
class PrefixProbabilities:
    """The probability of a review being positive, had it ended after each word.

    Attributes:
        places: int64 [n], the positions in the review of the words that the network reads, rising; a review longer
            than head_tokens + tail_tokens lacks its middle.
        probabilities: float64 [n], after each of these words.
        ends: int64 [P], after how many words it was computed; after the others it is interpolated.
        before: the probability before the first word, that of an empty review.
    """

    places: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    ends: NDArray[np.int64]
    before: float


def prefix_probabilities(classifier: Classifier, ids: NDArray[np.int32], stride: int = 1) -> PrefixProbabilities:
    """Return the probability after each word of a review that the network reads.

    Each is exactly the prediction for the words so far as a whole review; the last is that of the review.

    Args:
        classifier: on any device.
        ids: int32 [n_tokens], the review as ids of the classifier's vocabulary.
        stride: with 4, only every fourth word and the last are computed, in a quarter of the time; the others are
            interpolated linearly.
    """
    config = classifier.network.config
    # A review whose ids are positions: what the network keeps of it are the positions that it reads.
    places = head_and_tail(np.arange(len(ids), dtype=np.int32), config.head_tokens, config.tail_tokens)
    kept = np.asarray(ids, np.int32)[places]
    before = float(classifier.probabilities(_one(kept[:0]))[0])
    if not len(kept):
        return PrefixProbabilities(places.astype(np.int64), np.empty(0), np.empty(0, np.int64), before)
    ends = np.unique(np.append(np.arange(stride, len(kept), stride), len(kept)))  # words of each prefix, int64 [P]
    if _is_causal(classifier.network):
        p = expit(_logits(classifier.network, kept, ends))
    else:
        p = classifier.probabilities(prefixes(kept, ends))
    curve = np.interp(np.arange(1, len(kept) + 1), np.append(0, ends), np.append(before, p))
    return PrefixProbabilities(places.astype(np.int64), curve, ends, before)


def prefixes(ids: NDArray[np.int32], ends: NDArray[np.int64]) -> Ragged:
    """Return a review per prefix: row i is the first `ends[i]` of `ids`."""
    offsets = np.concatenate([[0], np.cumsum(ends)])
    return Ragged(ids[np.arange(offsets[-1]) - np.repeat(offsets[:-1], ends)], offsets)


def _one(ids: NDArray[np.int32]) -> Ragged:
    return Ragged(ids, np.array([0, len(ids)]))


def _is_causal(network: Network) -> bool:
    """Return whether the forward states of a prefix equal those of the whole review.

    In a second layer over two directions they do not: its input contains reverse states, which differ for each prefix.
    bfloat16 is excluded because the batched kernels round other products than the code below.
    """
    return network.dtype == torch.float32 and not (network.config.bidirectional and network.config.num_layers > 1)


@torch.inference_mode()
def _logits(network: Network, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the logits of prefixes, float64 [P]: one forward pass over the review, a reverse pass over each prefix."""
    device = network.output.weight.device
    x = network.embedding(torch.from_numpy(ids).to(device).long())  # [n, D]
    rows = torch.from_numpy(ends).to(device)
    parts = [_pool_forward(network.layers.forward_states(x), rows)]
    if network.config.bidirectional:
        parts.append(_pool_reverse(network.layers, x, rows))
    pooled = torch.cat([part[kind] for kind in network.config.pooling for part in parts], 1)  # [P, poolings * S * H]
    z: NDArray[np.float64] = network.output(pooled).squeeze(1).cpu().double().numpy()
    return z


def _pool_forward(states: Tensor, ends: Tensor) -> dict[str, Tensor]:
    """Pool the forward states [n, H] over each prefix: [P, H] by kind of pooling."""
    last = ends - 1
    means = states.double().cumsum(0)[last] / ends[:, None]
    return {"max": states.cummax(0).values[last], "mean": means.float(), "last": states[last]}


def _pool_reverse(layers: Layers, x: Tensor, ends: Tensor) -> dict[str, Tensor]:
    """Pool the reverse states over each prefix of x [n, D]: [P, H] by kind of pooling.

    All prefixes read the same word at the same time, from the last word to the first; a prefix joins at its own last
    word. So a word's projection is computed once, and nothing is padded.
    """
    steps = layers.reverse_steps(x)
    state = steps.start(len(ends))  # [K, P, H], the output h first
    h = state[0]
    sums, highest = torch.zeros_like(h), torch.full_like(h, -torch.inf)
    longest_first = ends.flip(0)  # so that the prefixes that have joined are the first rows
    joined = torch.searchsorted(-longest_first, torch.arange(-len(x), 0, device=x.device), right=True).tolist()
    for word, n in zip(range(len(x) - 1, -1, -1), joined, strict=True):
        steps.step(word, state[:, :n])
        torch.maximum(highest[:n], h[:n], out=highest[:n])
        sums[:n] += h[:n]
    return {"max": highest.flip(0), "mean": sums.flip(0) / ends[:, None], "last": h.flip(0)}
