"""Tokenize the reviews that may be trained on: train and unsup.

Reads:  data/train.parquet, data/unsup.parquet
Writes: data/tokens/ (ragged ids over all types, types.tsv, tokenizer.json, train's labels and validation mask),
        data/corpus.txt (one review per line, for gensim), metrics/tokens.json
Params: tokenize
"""

from pathlib import Path
from typing import Any

from pipeline.core.files import atomic, write_json
from pipeline.core.progress import Progress
from pipeline.tokenize.params import Tokenize
from pipeline.tokenize.source import Source
from pipeline.tokenize.store import write_tokens
from pipeline.tokenize.tokenizer import Tokenizer

DATA = Path("data")
PUNKT_REVIEWS = 10_000


def main(progress: Progress, *, tokenize: Tokenize) -> dict[str, Any]:
    """Train the tokenizer if it needs training, tokenize, write ids and text."""
    source = Source(DATA, drop_test_duplicates=tokenize.drop_test_duplicates)
    source.check_labels()
    sample = source.sample(PUNKT_REVIEWS)
    tokenizer = Tokenizer.train(tokenize.tokenizer, lowercase=tokenize.lowercase, texts=sample)
    with (
        atomic(DATA / "tokens") as folder,
        atomic(DATA / "corpus.txt") as corpus,
        progress.bar("tokenize", source.n_reviews, " reviews") as advance,
    ):
        figures = write_tokens(source, tokenizer, folder, corpus, advance, scheduler=tokenize.scheduler)
    write_json(Path("metrics/tokens.json"), figures)
    return {"tokenizer": tokenize.tokenizer, "reviews": source.n_reviews, "types": figures["n_types"]}
