"""The import closure: what the result of a module depends on."""

from pathlib import Path

import pytest

from pipeline.core import imports
from pipeline.core.imports import import_closure


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "run.py": "import os\nfrom lib.a import value\n",
        "lib/__init__.py": "",
        "lib/a.py": "def value():\n    import lib.deep.b\n    return lib.deep.b\n",
        "lib/deep/__init__.py": "",
        "lib/deep/b.py": "from lib import a\n",
        "lib/unused.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(imports, "ROOT", tmp_path)
    return tmp_path


def test_it_has_nested_imports_packages_and_circles_and_nothing_unused(tree: Path) -> None:
    names = [str(path.relative_to(tree)) for path in import_closure(tree / "run.py")]
    assert names == ["lib/__init__.py", "lib/a.py", "lib/deep/__init__.py", "lib/deep/b.py", "run.py"]


def test_a_relative_import_is_refused(tree: Path) -> None:
    (tree / "lib/a.py").write_text("from . import unused\n")
    with pytest.raises(AssertionError, match="relative import"):
        import_closure(tree / "run.py")
