"""Train word2vec on train and unsup, from random vectors or from a file in external/; or take a file's vectors.

Reads:  data/corpus.txt, data/tokens/types.tsv, data/tokens/tokenizer.json, data/tokens/train/valid.npy; external/ if a
        parameter names a file there
Writes: artifacts/embeddings/, metrics/embeddings.json, plots/embeddings.csv (loss on validation by epoch); while it
        runs, after each epoch, .checkpoints/embed/, from which an interrupted training resumes
Params: embed
"""

from pathlib import Path
from typing import Any

import gensim

from pipeline.core.digest import digest_of
from pipeline.core.files import atomic, write_csv, write_json
from pipeline.core.imports import import_closure
from pipeline.core.progress import Progress
from pipeline.core.ragged import load_labels
from pipeline.core.vocabulary import read_tokenizer, read_types
from pipeline.embed.params import Embed
from pipeline.embed.pretrained import fill_missing, read_known_vectors
from pipeline.embed.resumable import EpochCheckpoint
from pipeline.embed.word2vec import Start, train, vocabulary

TOKENS, CORPUS = Path("data/tokens"), Path("data/corpus.txt")


def main(progress: Progress, *, embed: Embed) -> dict[str, Any]:
    """Train or read the vectors and save them."""
    types, counts = read_types(TOKENS / "types.tsv")
    tokenizer = read_tokenizer(TOKENS)
    known = checkpoint = None
    losses: list[float] = []
    if name := embed.pretrained or embed.continue_from:
        words, word_counts = vocabulary(CORPUS, types, counts, embed.min_count)
        known = read_known_vectors(name, words, embed.vector_size)
    if known and embed.pretrained and embed.missing_words != "train":
        embeddings = fill_missing(known, words, word_counts, tokenizer, embed)
    else:
        start = Start(known.rows, known.vectors, locked=bool(embed.pretrained)) if known else None
        _, valid = load_labels(TOKENS / "train")
        inputs = [CORPUS, TOKENS / "types.tsv", TOKENS / "train/valid.npy", *import_closure(Path(__file__))]
        facts = {**embed.model_dump(), "gensim": gensim.__version__, "start": known and known.vectors.tobytes()}
        checkpoint = EpochCheckpoint(Path(".checkpoints/embed"), digest_of(facts, inputs))
        embeddings, losses = train(CORPUS, types, counts, valid, tokenizer, embed, progress, start, checkpoint)

    with atomic(Path("artifacts/embeddings")) as folder:
        embeddings.save(folder)
    if checkpoint:
        checkpoint.remove()
    rows = [{"epoch": epoch, "heldout_loss": f"{loss:.4f}"} for epoch, loss in enumerate(losses, 1)]
    write_csv(Path("plots/embeddings.csv"), rows, columns=("epoch", "heldout_loss"))
    figures: dict[str, Any] = {
        "n_words": len(embeddings.words),
        "token_coverage": round(float(embeddings.counts.sum() / counts.sum()), 4),
        **{f"rms_over_{what}": round(value, 4) for what, value in embeddings.rms.items()},
        **({"heldout_loss": round(losses[-1], 4)} if losses else {}),
        **({"external": known.coverage(embeddings.counts)} if known else {}),
    }
    write_json(Path("metrics/embeddings.json"), figures)
    if known:
        figures["external"] = f"{len(known.rows):,} of {len(words):,} words"
    return figures
