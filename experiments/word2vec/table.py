"""The table of the kinds of word2vec."""

from experiments.table import Row, Runs, intrinsic, on_vectors

SCORES = {
    "semantic": "semantic analogies",
    "syntactic": "syntactic analogies",
    "wordsim353": "WordSim-353",
    "simlex999": "SimLex-999",
}


def rows(runs: Runs) -> list[Row]:
    """Return a row per variant, skip-gram first."""
    table: list[Row] = []
    for name, by_seed in sorted(runs.items(), reverse=True):
        scores = {title: intrinsic(by_seed, key) for key, title in SCORES.items()}
        table.append({"variant": name.replace("-", ", ").replace("_", " "), **scores, **on_vectors(by_seed)})
    return table
