"""The models of the comparison: their names, and where their seeds lie."""

from pathlib import Path

from pipeline.core.errors import InputError

BASELINES = ("bag_of_vectors", "tfidf", "nbsvm")
LSTMS = ("lstm_random", "lstm_frozen", "lstm_finetuned")
LEAD = "lstm_finetuned"  # the one that the report, the page and `predict` speak of first


def first_seed(folder: Path) -> Path:
    """Return the folder of a model's first seed, or the folder itself where it is that of one seed already.

    Raises:
        InputError: it holds no classifier.
    """
    if (folder / "config.json").exists():
        return folder
    seeds = sorted(folder.glob("*/config.json"), key=lambda path: (len(path.parent.name), path.parent.name))
    if not seeds:
        raise InputError(f"{folder} holds no classifier; `dvc repro` makes it, `dvc pull` fetches it")
    return seeds[0].parent


def check_run(model: str, seed: str) -> str:
    """Return the name of a training, `lstm_frozen-1` say, which its files have.

    Raises:
        InputError: there is no LSTM of that name, or the seed is not a whole number.
    """
    if model not in LSTMS:
        raise InputError(f"there is no LSTM {model!r}; the LSTMs are {', '.join(LSTMS)}")
    if not (seed.isascii() and seed.isdecimal() and len(seed) <= 10):
        raise InputError(f"the seed {seed!r} is not a whole number; give one like 1")
    return f"{model}-{seed}"
