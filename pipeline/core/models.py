"""The compared models: their names, and the folders of their seeds."""

from pathlib import Path

from pipeline.core.errors import InputError

BASELINES = ("bag_of_vectors", "tfidf", "nbsvm")
LSTMS = ("lstm_random", "lstm_frozen", "lstm_finetuned")
STUDENT = "lstm_student"  # learns from the ensemble, too
NETWORKS = (*LSTMS, STUDENT)
ENSEMBLE = "ensemble"
MODELS = (*BASELINES, *NETWORKS, ENSEMBLE)
LEAD = "lstm_finetuned"  # the default of `predict`, and the first that report and page describe


def first_seed(folder: Path) -> Path:
    """Return the folder of a model's first seed, or `folder` itself if a classifier is saved in it.

    Raises:
        InputError: there is no classifier.
    """
    if (folder / "config.json").exists():
        return folder
    seeds = sorted(folder.glob("[!.]*/config.json"), key=lambda path: (len(path.parent.name), path.parent.name))
    if not seeds:
        raise InputError(f"{folder} has no classifier; train one with `dvc repro`, or fetch one with `dvc pull`")
    return seeds[0].parent


def check_run(model: str, seed: str) -> str:
    """Return the name of a training run, `lstm_frozen-1` for example, which is part of its file names.

    Raises:
        InputError: no LSTM has that name, or the seed is not a whole number.
    """
    if model not in NETWORKS:
        raise InputError(f"there is no LSTM {model!r}; the LSTMs are {', '.join(NETWORKS)}")
    if not (seed.isascii() and seed.isdecimal() and len(seed) <= 10):
        raise InputError(f"the seed {seed!r} is not a whole number; give one like 1")
    return f"{model}-{seed}"
