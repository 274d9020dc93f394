"""The seeds of a model: a folder of classifiers, one a seed."""

from pathlib import Path

from pipeline.errors import InputError


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
