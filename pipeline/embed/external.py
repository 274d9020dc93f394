"""Files of word vectors in the folder external/."""

from pathlib import Path

from pipeline.core.errors import InputError

FOLDER = Path("external")


def find_external(name: str) -> Path:
    """Return the path of a file or folder in external/.

    Raises:
        InputError: it does not exist; the message lists what the folder contains.
    """
    path = FOLDER / name
    if not path.exists():
        present = sorted(entry.name for entry in FOLDER.glob("[!.]*") if entry.name != "README.md") or ["nothing"]
        raise InputError(
            f"{path} does not exist, {FOLDER}/ contains {', '.join(present)}; put the file there;"
            f" a queue does not see files that git ignores: use `dvc exp run --queue -C {path}`"
        )
    return path
