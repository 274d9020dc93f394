"""The loss of word2vec on held-out reviews, comparable between epochs and runs."""

from array import array
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from numpy.typing import NDArray

from pipeline.core.corpus import CorpusLines
from pipeline.core.errors import InputError
from pipeline.core.ragged import Int32
from pipeline.core.sample import sample_rows
from pipeline.embed.params import Embed

N_EXAMPLES = 100_000
MAX_REVIEWS = 3_000  # that these are drawn from


class HeldoutLoss(CallbackAny2Vec):  # type: ignore[misc]
    """The mean loss of word2vec, in nats, over fixed examples from reviews that are not trained on.

    An example has input words, whose mean vector is h, and a chain of binary decisions, each with a vector u and a
    sign s; its loss is the sum of -log sigmoid(s u . h). With negative sampling the decisions are the target word (+)
    and the noise words (-), with hierarchical softmax the target's path through the Huffman tree. Examples and noise
    are drawn once, so epochs are comparable, and so are runs with the same architecture and loss.
    Source: Mikolov et al., Distributed Representations of Words and Phrases, 2013, equations 3 and 4.

    Attributes:
        losses: one per epoch so far.
        report: called after each epoch with its number, from 1, and its loss.
    """

    def __init__(self, inputs: Int32, nodes: Int32, signs: NDArray[np.int8]) -> None:
        """Keep n examples.

        Args:
            inputs: int32 [n, W], rows of the input vectors; -1 is padding.
            nodes: int32 [n, M], rows of the output vectors.
            signs: int8 [n, M], 1 or -1; 0 is padding.
        """
        self._inputs, self._nodes, self._signs = inputs, nodes, signs
        self.losses: list[float] = []
        self.report: Callable[[int, float], object] = lambda epoch, loss: None

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Append the loss of the current vectors and report it."""
        self.losses.append(self.compute(model.wv.vectors, model.syn1 if model.hs else model.syn1neg))
        self.report(len(self.losses), self.losses[-1])

    def compute(self, vectors: NDArray[np.float32], outputs: NDArray[np.float32]) -> float:
        """Return the loss given input and output vectors, float32 [V, D] each."""
        total = 0.0
        for rows in np.array_split(np.arange(len(self._inputs)), max(1, len(self._inputs) // 5_000)):
            inputs = self._inputs[rows]
            known = (inputs >= 0)[:, :, None]
            h = (vectors[inputs] * known).sum(1) / known.sum(1)  # [n, D]
            f = np.einsum("nd,nmd->nm", h, outputs[self._nodes[rows]])
            signs = self._signs[rows]
            total += float((np.logaddexp(0, -signs * f) * (signs != 0)).sum())
        return total / len(self._inputs)


def draw_examples(
    corpus: Path, heldout: NDArray[np.bool_], index: Mapping[str, int], section: Embed
) -> tuple[Int32, Int32]:
    """Draw input words and targets from the held-out reviews as gensim does, with windows shrunk at random.

    Args:
        corpus: one review per line, tokens joined by spaces.
        heldout: bool [n_reviews].
        index: the row of each word.
        section: the architecture, the window and the seed.

    Returns:
        inputs, int32 [n, W], rows of words, padded with -1; and targets, int32 [n]. Skip-gram predicts a word from one
        other (W = 1), CBOW from all words around it.

    Raises:
        InputError: the held-out reviews contain no pair of known words.
    """
    rng = np.random.default_rng(section.seed)
    of_all = np.flatnonzero(heldout)
    chosen = of_all[sample_rows(len(of_all), MAX_REVIEWS)]
    width = 1 if section.architecture == "skipgram" else 2 * section.window
    rows = array("i")
    for line in CorpusLines(corpus, chosen):
        ids = [index[word] for word in line.split() if word in index]
        for position, reach in enumerate(rng.integers(1, section.window, len(ids), endpoint=True)):
            around = ids[max(0, position - reach) : position] + ids[position + 1 : position + 1 + reach]
            if section.architecture == "skipgram":
                for context in around:
                    rows.extend((ids[position], context))
            elif around:
                rows.extend([*around, *[-1] * (width - len(around)), ids[position]])
    if not rows:
        raise InputError(
            f"{corpus}: the {int(heldout.sum())} held-out reviews contain no pair of known words;"
            " raise fetch.valid_frac"
        )
    table = np.frombuffer(rows, np.int32).reshape(-1, width + 1)
    if len(table) > N_EXAMPLES:
        table = table[np.sort(rng.choice(len(table), N_EXAMPLES, replace=False))]
    return table[:, :-1], table[:, -1]


def prepare_heldout_loss(
    corpus: Path, heldout: NDArray[np.bool_], index: Mapping[str, int], model: Word2Vec, section: Embed
) -> HeldoutLoss:
    """Set up the held-out loss of a model whose vocabulary is built; arguments as in `draw_examples`."""
    inputs, targets = draw_examples(corpus, heldout, index, section)
    if section.loss == "negative_sampling":
        rng = np.random.default_rng([section.seed, 1])
        counts = np.array([model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key], np.float64)
        weights = counts**section.ns_exponent
        noise = rng.choice(len(counts), (len(targets), section.negative), p=weights / weights.sum())
        nodes = np.concatenate([targets[:, None], noise.astype(np.int32)], axis=1)
        signs = np.full(nodes.shape, -1, np.int8)
        signs[:, 0] = 1
        return HeldoutLoss(inputs, nodes, signs)
    points, codes = ([model.wv.get_vecattr(word, name) for word in model.wv.index_to_key] for name in ("point", "code"))
    longest = max(map(len, points))
    all_nodes = np.zeros((len(points), longest), np.int32)
    all_signs = np.zeros((len(points), longest), np.int8)
    for row, (point, code) in enumerate(zip(points, codes, strict=True)):
        all_nodes[row, : len(point)] = point
        all_signs[row, : len(code)] = 1 - 2 * code.astype(np.int8)
    return HeldoutLoss(inputs, all_nodes[targets], all_signs[targets])
