"""Model cards of word vectors and of the LSTM, in Markdown: contents, data, parameters, scores, limits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from pipeline.core.embeddings import Embeddings, load_vectors
from pipeline.core.errors import refusing
from pipeline.core.files import read_json
from pipeline.core.models import NETWORKS, first_seed

BINARY = "vectors.w2v.bin"  # part of releases and exported folders
VECTORS = """# Word vectors

{n_words:,} words, {vector_size} dimensions, float32: {model}{trained_on}.

| file | content |
|---|---|
| `vectors.npy` | float32 [{n_words}, {vector_size}], one row per word; can be memory-mapped |
| `vocab.tsv` | word and count, in the order of the rows: by decreasing count, then alphabetically |
{binary_row}| `tokenizer.json` | the tokenizer of the corpus: {tokenizer} |
| `config.json` | the training parameters, the digest of the corpus, the version of gensim |

```python
import numpy as np

vectors = np.load("vectors.npy", mmap_mode="r")
words = [line.split("\\t")[0] for line in open("vocab.tsv", encoding="utf-8", newline="\\n")]
{binary_code}```

## Data and preprocessing

{data}
HTML entities are unescaped, `<br />` becomes a space, and the tokenizer does the rest. The SHA-256 of the tokenized
corpus is `{corpus_sha256}`.

## Parameters

{parameters}

## Scores

{scores}

## Limits and biases

The vectors reflect {texts}, including slurs and prejudices.
Words of opposite meaning that occur in the same contexts, such as *good* and *bad*, have similar vectors; names reflect
the company they keep; a word outside the vocabulary has no vector. Do not use the vectors to judge people.

## License

{license}
The reviews are not included and belong to their authors.{citation}
"""
LSTM = """# {model}, seed {seed}

An LSTM that predicts whether a review is positive: embedding, LSTM, pooling, logit. {n_words:,} words, {vector_size}
dimensions, {hidden_size} hidden units, {layers}, {pooling} pooling; of longer reviews it reads the first
{head_tokens} and the last {tail_tokens} tokens.

| file | content |
|---|---|
| `model.safetensors` | the weights, float32 |
| `vocab.tsv` | word and count; line n is row n of the embedding, from 0 |
| `tokenizer.json` | the tokenizer that every text must go through |
| `config.json` | the configuration of the network and the training parameters |

`python -m pipeline predict --model FOLDER "a review"` uses this folder.

## Data and limits

{data}
The model was measured on {texts}; its accuracy on other texts is unknown.{citation}

## Scores

{scores}
"""
IMDB_MOVIES = {"train": 3456, "unsup": 7091, "test": 3581}  # in metrics/corpus.json of the official dataset
SETS = {
    "analogies": "Google analogies",
    "semantic": "- semantic",
    "syntactic": "- syntactic",
    "wordsim353": "WordSim-353",
    "simlex999": "SimLex-999",
}
COVERAGE = """*Coverage* is the share of items whose words are all in the vocabulary; the other items do not count.
Compare only scores with similar coverage."""
NO_SCORES = "Not measured."


def card_of(folder: Path, metrics: Path | None = None) -> str:
    """Return the card of a folder of word vectors or of an LSTM.

    Args:
        folder: the artifact. For an LSTM, the folder of one seed or of all, whose first is described.
        metrics: the metrics of the same run; without them the card has no scores and does not name the corpus.

    Raises:
        InputError: the folder is neither, or is broken.
    """
    remedy = f"run `dvc checkout --force {folder}`, or name a folder of metrics of the same run"
    with refusing(folder, "or the metrics lack what a card needs", remedy):
        return _card(folder, metrics)


def _card(folder: Path, metrics: Path | None) -> str:
    if any(folder.glob("*/model.safetensors")):
        folder = first_seed(folder)
    if not (folder / "model.safetensors").exists():
        return vectors_card(Embeddings.load(folder), metrics, binary=(folder / BINARY).exists())
    embeddings, shape = load_vectors(folder), read_json(folder / "config.json")["shape"]
    directions = "two directions" if shape["bidirectional"] else "one direction"
    layers = f"{shape['num_layers']} layer{'s' * (shape['num_layers'] > 1)} in {directions}"
    facts = {"model": "LSTM", "seed": "unknown", **embeddings.training, **shape, **_corpus(embeddings, metrics)}
    scores = _test_scores([facts["model"]], metrics) or NO_SCORES
    return LSTM.format_map({**facts, "layers": layers, "pooling": " and ".join(shape["pooling"]), "scores": scores})


def vectors_card(embeddings: Embeddings, metrics: Path | None = None, *, binary: bool = False) -> str:
    """Return the card of word vectors; `binary` if word2vec's binary format is among the files."""
    training = dict(embeddings.training)
    n_words, vector_size = embeddings.vectors.shape
    corpus = _corpus(embeddings, metrics)
    license_ = "The vectors are under the license of this project, MIT."
    if source := training.get("pretrained") or training.get("continue_from"):
        corpus["data"] += f" The vectors of known words come from the file `{source}`."
        license_ = f"The license of `{source}` applies to the vectors that come from it, MIT to the others."
    facts: dict[str, Any] = {"model": "word vectors", "corpus_sha256": "unknown", **training, **corpus}
    facts |= {
        "n_words": n_words,
        "vector_size": vector_size,
        "trained_on": f", trained on {training['n_reviews']:,} reviews" if "n_reviews" in training else "",
        "tokenizer": embeddings.tokenizer.get("name", "unknown"),
        "parameters": "\n".join(f"- `{name}`: {value}" for name, value in training.items() if name != "corpus_sha256"),
        "scores": _vector_scores(embeddings, metrics),
        "license": license_,
        "binary_row": "",
        "binary_code": "",
    }
    if binary:
        facts["binary_row"] = f"| `{BINARY}` | words and vectors in word2vec's binary format |\n"
        facts["binary_code"] = (
            "\nfrom gensim.models import KeyedVectors\n\n"
            f'keyed = KeyedVectors.load_word2vec_format("{BINARY}", binary=True)\n'
        )
    return VECTORS.format_map(facts)


def _read(metrics: Path | None, name: str) -> Mapping[str, Any]:
    value = read_json(metrics / name) if metrics and (metrics / name).exists() else {}
    return value if isinstance(value, dict) else {}


def _same_corpus(embeddings: Embeddings, metrics: Path | None) -> bool:
    """Return whether vectors and metrics can be of one run: they do not record different corpora."""
    digests = {_read(metrics, "provenance.json").get("corpus_sha256"), embeddings.training.get("corpus_sha256")}
    return len(digests - {None}) < 2


def _corpus(embeddings: Embeddings, metrics: Path | None) -> dict[str, str]:
    """Return what a card says about the corpus; IMDB is named only if the metrics show that it was used."""
    splits = _read(metrics, "corpus.json") if _same_corpus(embeddings, metrics) else {}
    if any(splits.get(split, {}).get("movies") != n for split, n in IMDB_MOVIES.items()):
        return {
            "data": "The corpus is the one that the pipeline was run on.",
            "texts": "the reviews of the corpus",
            "citation": "",
        }
    paper = "Maas et al., *Learning Word Vectors for Sentiment Analysis*, ACL 2011"
    return {
        "data": f"The corpus is the Large Movie Review Dataset ({paper}).",
        "texts": "English film reviews from before 2011",
        "citation": f"\nIf you publish results, cite {paper}, for the dataset.",
    }


def _vector_scores(embeddings: Embeddings, metrics: Path | None) -> str:
    model = str(embeddings.training.get("model"))
    kind = model if model in NETWORKS else "maas" if "Maas" in model else "word2vec"
    scores = _read(metrics, "polarity.json").get(kind, {}) if _same_corpus(embeddings, metrics) else {}
    if scores.get("vector_size") != embeddings.vectors.shape[1]:
        return NO_SCORES
    rows = []
    for name, title in SETS.items():
        measure, unit = ("accuracy", "correct") if "accuracy" in scores[name] else ("spearman", "rank correlation")
        rows.append([title, f"{scores[name][measure]:.3f} {unit}", f"{scores[name]['coverage']:.3f}"])
    parts = [_table(rows, ("set", "score", "coverage")), COVERAGE]
    if kind == "word2vec" and (table := _test_scores(["bag_of_vectors", "lstm_frozen", "lstm_finetuned"], metrics)):
        parts += ["Models that start from these vectors:", table]
    return "\n\n".join(parts)


def _test_scores(models: Sequence[str], metrics: Path | None) -> str:
    """Return metrics/test.json for some models as a table; an empty string if it has none of them."""
    rows = []
    for model, score in _read(metrics, "test.json").items():
        if model in models:
            name = f"`{model}`, mean of {score['n_seeds']} seeds" if "n_seeds" in score else f"`{model}`"
            interval = f"{score['accuracy_low']:.4f} to {score['accuracy_high']:.4f}"
            rows.append([name, f"{score['accuracy']:.4f}", interval, f"{score['n']:,}"])
    return _table(rows, ("model", "test accuracy", "95 % interval", "reviews")) if rows else ""


def _table(rows: list[list[str]], headers: Sequence[str]) -> str:
    alignment = ("left", *["right"] * (len(headers) - 1))
    table: str = tabulate(rows, headers, tablefmt="pipe", colalign=alignment, disable_numparse=True)
    return table
