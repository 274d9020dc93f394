"""Compare three kinds of word vectors: word2vec, word2vec after fine-tuning, and Maas et al. (2011).

For each kind: nearest neighbors, the share of neighbors with the same polarity, the validation accuracy of a bag of
vectors, intrinsic scores, and a map.

Reads:  data/tokens/train/, artifacts/{embeddings,maas}/, artifacts/lstm_finetuned/ of the first seed
Writes: artifacts/tuned/ (the fine-tuned vectors, in the format of artifacts/embeddings/), metrics/polarity.json,
        data/polarity.json (neighbors and map, for the report)
Params: seeds, polarity, baseline.C, baseline.max_reviews
"""

from pathlib import Path

from pipeline.baseline.params import Baseline
from pipeline.core.embeddings import Embeddings, load_vectors
from pipeline.core.files import atomic, write_json
from pipeline.core.models import LEAD
from pipeline.core.progress import Progress
from pipeline.core.ragged import Ragged, load_labels
from pipeline.core.sample import sample_rows
from pipeline.polarity.comparison import compare_kinds
from pipeline.polarity.params import Polarity

TRAIN, ARTIFACTS = Path("data/tokens/train"), Path("artifacts")


def main(progress: Progress, *, seeds: list[int], polarity: Polarity, baseline: Baseline) -> dict[str, float]:
    """Estimate the polarity of words and measure each kind of vectors against it."""
    tuned = load_vectors(ARTIFACTS / LEAD / str(seeds[0]))
    with atomic(ARTIFACTS / "tuned") as folder:
        tuned.save(folder)
    kinds = {
        "word2vec": Embeddings.load(ARTIFACTS / "embeddings"),
        LEAD: tuned,
        "maas": Embeddings.load(ARTIFACTS / "maas"),
    }
    every = Ragged.load(TRAIN)
    chosen = sample_rows(len(every), baseline.max_reviews)
    labels, valid = load_labels(TRAIN)
    labels, valid = labels[chosen], valid[chosen]
    with progress.bar("polarity", len(kinds), " kinds") as advance:
        figures, shown = compare_kinds(kinds, every.rows(chosen), labels, valid, polarity, baseline.C, advance)
    write_json(Path("metrics/polarity.json"), figures)
    write_json(Path("data/polarity.json"), shown)
    return {name: figures[name]["same_polarity"] for name in kinds}
