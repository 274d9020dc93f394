"""The model card of word vectors: what they are, how good, what not to do with them."""

from collections.abc import Mapping
from typing import Any

from pipeline.core.embeddings import Embeddings

CARD = """# Word vectors of film reviews

{n_words:,} words, {vector_size} dimensions, float32: {model}, trained on {n_reviews:,} reviews.

| file | content |
|---|---|
| `vectors.npy` | float32 [{n_words}, {vector_size}], a row a word; can be mapped into memory |
| `vocab.tsv` | word and count, in the order of the rows: by falling count, then string |
| `vectors.w2v.bin` | the same in word2vec's binary format, which most libraries read |
| `tokenizer.json` | the tokenizer that split the reviews: {tokenizer} |
| `config.json` | every parameter of the training, the digest of the text, versions |

```python
import numpy as np
from gensim.models import KeyedVectors

vectors = np.load("vectors.npy", mmap_mode="r")
keyed = KeyedVectors.load_word2vec_format("vectors.w2v.bin", binary=True)
```

## Data and preprocessing

The reviews that the pipeline was run on, their labels unused: by default the labelled training reviews and the
unlabelled ones of the Large Movie Review Dataset (Maas et al., ACL 2011), without the texts that also stand in its test
set. HTML is unescaped, `<br />` is a space, the rest is as the tokenizer has it. The text, tokenized, has the sha256
`{corpus_sha256}`.

## Parameters

{parameters}

## Scores

{scores}

*Coverage* is the share of a set's items all of whose words are in the vocabulary; a score says nothing of the others. A
text of some twenty million words answers few analogies: compare vectors at like coverage.

## Limits and biases

The vectors hold what stands in film reviews from before 2011, slurs and prejudices included. Words of opposite meaning
that are used alike lie side by side (*good* and *bad*), names carry the company they keep, and a word outside the
vocabulary has no vector. They are no judgement of a person and should decide nothing about one.

## Licence

The vectors come under the project's licence, MIT; the reviews, which are not in here, belong to their authors. Whoever
publishes results should cite Maas et al., *Learning Word Vectors for Sentiment Analysis*, ACL 2011.
"""
SETS = {
    "analogies": "Google analogies",
    "semantic": "of them semantic",
    "syntactic": "of them syntactic",
    "wordsim353": "WordSim-353",
    "simlex999": "SimLex-999",
}


def model_card(embeddings: Embeddings, scores: Mapping[str, Mapping[str, float]], more: str = "") -> str:
    """Return the card as Markdown.

    Args:
        embeddings: what the card is of.
        scores: as `intrinsic` gives them.
        more: further scores, as Markdown.
    """
    training = dict(embeddings.training)
    n_words, vector_size = embeddings.vectors.shape
    facts: dict[str, Any] = {"model": "word vectors", "n_reviews": 0, "corpus_sha256": "unknown", **training}
    facts |= {
        "n_words": n_words,
        "vector_size": vector_size,
        "tokenizer": embeddings.tokenizer.get("name", "unknown"),
        "parameters": "\n".join(f"- `{name}`: {value}" for name, value in training.items() if name != "corpus_sha256"),
        "scores": _table(scores) + more,
    }
    return CARD.format_map(facts)


def _table(scores: Mapping[str, Mapping[str, float]]) -> str:
    lines = ["| set | score | coverage |", "|---|---|---|"]
    for name, score in scores.items():
        kind = "accuracy" if "accuracy" in score else "spearman"
        said = f"{score[kind]:.3f} {'right' if kind == 'accuracy' else 'rank correlation'}"
        lines.append(f"| {SETS.get(name, name)} | {said} | {score['coverage']:.3f} |")
    return "\n".join(lines) + "\n"
