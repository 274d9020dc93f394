"""Files of word vectors in the folder external/."""

from pathlib import Path

from pipeline.core.errors import InputError

FOLDER = Path("external")


def find_external(name: str) -> Path:
    """Return the path of a file or folder of external/.

    Raises:
        InputError: there is none of that name; the message lists what is there.
    """
    path = FOLDER / name
    if not path.exists():
        present = sorted(entry.name for entry in FOLDER.glob("[!.]*") if entry.name != "README.md") or ["nothing"]
        raise InputError(f"{path} does not exist, {FOLDER}/ contains {', '.join(present)}; put the file there")
    return path
