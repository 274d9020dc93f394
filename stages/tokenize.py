"""Tokenize the reviews that may be trained on: train and unsup.

Reads:  data/train.parquet, data/unsup.parquet
Writes: data/tokens/ (ragged ids over all types, types.tsv, tokenizer.json, train's labels and validation mask),
        data/corpus.txt (a review a line, for gensim), metrics/tokens.json
Params: tokenize
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from pipeline.files import atomic, write_json
from pipeline.params import Params
from pipeline.tokenizer import Tokenizer, tokenize
from pipeline.tokens import Ragged, TokenWriter, read_types
from stages.stage import run

DATA = Path("data")
PUNKT_REVIEWS = 10_000


def texts_of(path: Path, drop_in_test: bool) -> Iterator[str]:
    """Stream the texts of a split that are kept."""
    for batch in pq.ParquetFile(path).iter_batches(2048, columns=["text", "in_test"]):
        for row in batch.to_pylist():
            if not (drop_in_test and row["in_test"]):
                yield row["text"]


def main(params: Params) -> None:
    """Tokenize, write ids and text."""
    section = params.tokenize
    columns = {
        split: pq.read_table(DATA / f"{split}.parquet", columns=["in_test"])["in_test"].to_numpy()
        for split in ("train", "unsup")
    }
    keep = {split: ~(in_test & section.drop_in_test) for split, in_test in columns.items()}
    n_kept = sum(int(kept.sum()) for kept in keep.values())

    def texts(split: str) -> Iterator[str]:
        return texts_of(DATA / f"{split}.parquet", section.drop_in_test)

    step = max(1, n_kept // PUNKT_REVIEWS)
    sample = (text for split in keep for i, text in enumerate(texts(split)) if i % step == 0)
    tokenizer = Tokenizer.train(section.tokenizer, lowercase=section.lowercase, texts=sample)

    with atomic(DATA / "tokens") as folder, atomic(DATA / "corpus.txt") as corpus:
        writer = TokenWriter(folder)
        with (
            open(corpus, "w", encoding="utf-8", newline="\n") as lines,
            tqdm(total=n_kept, unit=" reviews", desc="tokenize", mininterval=2, disable=None) as progress,
        ):
            for split in keep:
                for text in writer.add(split, tokenize(texts(split), tokenizer)):
                    lines.write(text)
                    progress.update(text.count("\n"))
        writer.finish(tokenizer.config)
        train: pa.Table = pq.read_table(DATA / "train.parquet", columns=["label", "valid"])
        np.save(folder / "train" / "labels.npy", train["label"].to_numpy().astype(np.int8)[keep["train"]])
        np.save(folder / "train" / "valid.npy", train["valid"].to_numpy()[keep["train"]])

    types, counts = read_types(DATA / "tokens" / "types.tsv")
    figures = {
        split: {
            "n_reviews": int(kept.sum()),
            "n_dropped_in_test": int((~kept).sum()),
            "n_tokens": len(Ragged.load(DATA / "tokens" / split).values),
        }
        for split, kept in keep.items()
    }
    write_json(Path("metrics/tokens.json"), {**figures, "n_types": len(types)})
    print(f"{n_kept:,} reviews, {counts.sum():,} tokens, {len(types):,} types; {section.tokenizer}")


if __name__ == "__main__":
    run("tokenize", main)
