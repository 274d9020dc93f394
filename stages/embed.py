"""Make the word vectors: word2vec on train and unsup, from nothing or from vectors out of external/.

Reads:  data/corpus.txt, data/tokens/types.tsv, data/tokens/tokenizer.json, external/ where a parameter names a file
Writes: artifacts/embeddings/, metrics/embeddings.json, plots/embeddings.csv (held-out loss by epoch)
Params: embed
"""

from pathlib import Path

from pipeline.card import model_card
from pipeline.files import atomic, write_json
from pipeline.intrinsic import intrinsic, keyed_vectors
from pipeline.params import Params
from pipeline.pretrained import bring_in, fill
from pipeline.tokens import read_tokenizer, read_types
from pipeline.word2vec import Start, train, vocabulary
from stages.stage import run

TOKENS, CORPUS = Path("data/tokens"), Path("data/corpus.txt")


def main(params: Params) -> None:
    """Train, save in our format and in word2vec's with a card, measure."""
    section = params.embed
    types, counts = read_types(TOKENS / "types.tsv")
    tokenizer = read_tokenizer(TOKENS)
    known = None
    if name := section.pretrained or section.continue_from:
        words, word_counts = vocabulary(CORPUS, types, counts, section.min_count)
        known = bring_in(name, words, section.vector_size)
        share = known.coverage(word_counts)
        print(f"external/{name} knows {len(known.rows):,} of {len(words):,} words, {share['tokens']:.2%} of their text")
    if known and section.pretrained and section.missing_words != "train":
        embeddings, losses = fill(known, words, word_counts, tokenizer, section), []
    else:
        start = Start(known.rows, known.vectors, locked=bool(section.pretrained)) if known else None
        embeddings, losses = train(CORPUS, types, counts, tokenizer, section, start)

    scores = intrinsic(embeddings)
    with atomic(Path("artifacts/embeddings")) as folder:
        embeddings.save(folder)
        keyed_vectors(embeddings).save_word2vec_format(str(folder / "vectors.w2v.bin"), binary=True)
        (folder / "README.md").write_text(model_card(embeddings, scores), "utf-8")
    with atomic(Path("plots/embeddings.csv")) as path:
        rows = (f"{epoch},{loss:.4f}\n" for epoch, loss in enumerate(losses, 1))
        path.write_text("epoch,heldout_loss\n" + "".join(rows), "utf-8")
    figures = {
        "n_words": len(embeddings.words),
        "token_coverage": round(float(embeddings.counts.sum() / counts.sum()), 4),
        **({"heldout_loss": round(losses[-1], 4)} if losses else {}),
        **({"external": known.coverage(embeddings.counts)} if known else {}),
        **scores,
    }
    write_json(Path("metrics/embeddings.json"), figures)
    print(f"{len(embeddings.words):,} words x {section.vector_size}: {embeddings.training['model']}")


if __name__ == "__main__":
    run("embed", main)
