"""Train the word vectors: gensim skip-gram with negative sampling, on train and unsup.

Reads:  data/corpus.txt, data/tokens/types.tsv, data/tokens/tokenizer.json
Writes: artifacts/embeddings/, metrics/embeddings.json, plots/embeddings.csv (held-out loss by epoch)
Params: embed
"""

from pathlib import Path

from pipeline.files import atomic, write_json
from pipeline.params import Params
from pipeline.skipgram import intrinsic, keyed_vectors, train
from pipeline.tokens import read_tokenizer, read_types
from stages.stage import run

TOKENS = Path("data/tokens")


def main(params: Params) -> None:
    """Train, save in our format and in word2vec's, measure."""
    types, counts = read_types(TOKENS / "types.tsv")
    embeddings, losses = train(Path("data/corpus.txt"), types, counts, read_tokenizer(TOKENS), params.embed)
    with atomic(Path("artifacts/embeddings")) as folder:
        embeddings.save(folder)
        keyed_vectors(embeddings).save_word2vec_format(str(folder / "vectors.w2v.bin"), binary=True)
    with atomic(Path("plots/embeddings.csv")) as path:
        rows = (f"{epoch},{loss:.4f}\n" for epoch, loss in enumerate(losses, 1))
        path.write_text("epoch,heldout_loss\n" + "".join(rows), "utf-8")
    figures = {
        "n_words": len(embeddings.words),
        "token_coverage": round(float(embeddings.counts.sum() / counts.sum()), 4),
        "heldout_loss": round(losses[-1], 4),
        **intrinsic(embeddings),
    }
    write_json(Path("metrics/embeddings.json"), figures)
    print(f"{len(embeddings.words):,} words x {params.embed.vector_size}; held-out loss {losses[-1]:.3f} nats")


if __name__ == "__main__":
    run("embed", main)
