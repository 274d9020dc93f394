"""What the LSTM thinks as it reads on: the probability after each word.

Shapes: n words that the network reads of a review, P prefixes of them, D vector size, H hidden size.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.classify.batches import head_and_tail
from pipeline.classify.classifier import Classifier
from pipeline.classify.network import Network
from pipeline.core.ragged import Ragged


@dataclass(frozen=True)
class PrefixProbabilities:
    """A review as the network reads on.

    Attributes:
        places: int64 [n], the places in the review of the words that the network reads, rising; of a review longer
            than head_tokens + tail_tokens the middle is missing.
        probabilities: float64 [n], of the review being positive, had it ended after that word.
        before: the probability before the first word, that of an empty review.
    """

    places: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    before: float

    @property
    def moves(self) -> NDArray[np.float64]:
        """How far each word moved the probability, float64 [n]."""
        return np.diff(self.probabilities, prepend=self.before)


def prefix_probabilities(classifier: Classifier, ids: NDArray[np.int32], stride: int = 1) -> PrefixProbabilities:
    """Return the probability after each word that the network reads of a review.

    It is exactly that of the words read so far, taken as a review of their own; the last is that of the review.

    Args:
        classifier: on any device.
        ids: int32 [n_tokens], the review as ids of the classifier's vocabulary.
        stride: with 4, every fourth word and the last are computed and the others lie on lines between them, in a
            quarter of the time.
    """
    shape = classifier.network.config
    # The ids of a review of places: what is left of it is what the network reads.
    places = head_and_tail(_one(np.arange(len(ids), dtype=np.int32)), shape.head_tokens, shape.tail_tokens).values
    read = np.asarray(ids, np.int32)[places]
    before = float(classifier.probabilities(_one(read[:0]))[0])
    ends = np.unique(np.append(np.arange(stride, len(read), stride), len(read)))  # words of each prefix, int64 [P]
    if not len(read):
        return PrefixProbabilities(places.astype(np.int64), np.empty(0), before)
    if _is_causal(classifier.network):
        z = _logits(classifier.network, read, ends)
        found = 1 / (1 + np.exp(-z))
    else:
        found = classifier.probabilities(prefixes(read, ends))
    curve = np.interp(np.arange(1, len(read) + 1), np.append(0, ends), np.append(before, found))
    return PrefixProbabilities(places.astype(np.int64), curve, before)


def prefixes(ids: NDArray[np.int32], ends: NDArray[np.int64]) -> Ragged:
    """Return the first `ends[i]` of `ids` as row i."""
    offsets = np.concatenate([[0], np.cumsum(ends)])
    return Ragged(ids[np.arange(offsets[-1]) - np.repeat(offsets[:-1], ends)], offsets)


def _one(ids: NDArray[np.int32]) -> Ragged:
    return Ragged(ids, np.array([0, len(ids)]))


def _is_causal(network: Network) -> bool:
    """Whether the forward states of a prefix are those of the whole review.

    A second layer over two directions reads reverse states, which are other ones for each prefix; and bfloat16 rounds
    other products than ours.
    """
    return network.dtype == torch.float32 and not (network.config.bidirectional and network.config.num_layers > 1)


@torch.inference_mode()
def _logits(network: Network, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the logits of prefixes, float64 [P]: the forward LSTM reads once, the reverse one each prefix anew."""
    device = network.output.weight.device
    x = network.embedding(torch.from_numpy(ids).to(device).long())  # [n, D]
    rows = torch.from_numpy(ends).to(device)
    lstms: list[nn.LSTM] = [lstm for layer in network.layers for lstm in layer.lstms]  # type: ignore[union-attr]
    if network.config.bidirectional:
        forward, backward = lstms
        parts = [_forward(forward(x)[0], rows), _backward(backward, x, rows)]
    else:
        y = x
        for lstm in lstms:
            y = lstm(y)[0]  # [n, H]
        parts = [_forward(y, rows)]
    pooled = torch.cat([part[kind] for kind in network.config.pooling for part in parts], 1)  # [P, poolings * S * H]
    z: NDArray[np.float64] = network.output(pooled).squeeze(1).cpu().double().numpy()
    return z


def _forward(states: Tensor, ends: Tensor) -> dict[str, Tensor]:
    """Pool the states [n, H] of the forward LSTM over each prefix: [P, H] by the name of the pooling."""
    last = ends - 1
    means = states.double().cumsum(0)[last] / ends[:, None]
    return {"max": states.cummax(0).values[last], "mean": means.float(), "last": states[last]}


def _backward(lstm: nn.LSTM, x: Tensor, ends: Tensor) -> dict[str, Tensor]:
    """Run the reverse LSTM over each prefix of x [n, D] and pool it: [P, H] by the name of the pooling.

    All prefixes are at the same word at the same time: from the last word to the first, those join in that end there.
    So what a word brings in is computed once, and nothing is padded.
    """
    size = lstm.hidden_size
    # Twice the g gate: tanh(z) = 2 sigmoid(2z) - 1, and torch's sigmoid is the faster of the two on a CPU.
    twice = x.new_ones(4 * size)  # in torch's order of the gates: i, f, g, o
    twice[2 * size : 3 * size] = 2
    weights = {name: lstm.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    gates = twice * torch.addmm(weights["bias_ih"] + weights["bias_hh"], x, weights["weight_ih"].t())  # [n, 4H]
    w_state = (twice * weights["weight_hh"].t()).contiguous()  # [H, 4H]
    h, c, sums = x.new_zeros(3, len(ends), size)
    highest = x.new_full((len(ends), size), -torch.inf)
    longest_first = ends.flip(0)  # so that those that have begun are the first rows
    begun = torch.searchsorted(-longest_first, torch.arange(-len(x), 0, device=x.device), right=True).tolist()
    for word, n in zip(range(len(x) - 1, -1, -1), begun, strict=True):
        z = torch.addmm(gates[word], h[:n], w_state).sigmoid_()  # [n, 4H]
        i, f, g, o = z.chunk(4, 1)
        c[:n].mul_(f).addcmul_(i, g.mul_(2).sub_(1))
        torch.mul((2 * c[:n]).sigmoid_().mul_(2).sub_(1), o, out=h[:n])
        torch.maximum(highest[:n], h[:n], out=highest[:n])
        sums[:n] += h[:n]
    return {"max": highest.flip(0), "mean": sums.flip(0) / ends[:, None], "last": h.flip(0)}
