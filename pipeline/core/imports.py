"""The import closure of a module: the files of this project that its result depends on."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported(path: Path) -> set[Path]:
    """Return the project files that a file imports at any level of nesting, with the `__init__.py` of packages."""
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    parts = [name.split(".") for name in names]
    packages = {ROOT.joinpath(*part[:n], "__init__.py") for part in parts for n in range(1, len(part) + 1)}
    modules = {ROOT.joinpath(*part).with_suffix(".py") for part in parts}
    return {file for file in packages | modules if file.is_file()}


def import_closure(path: Path) -> list[Path]:
    """Return the project files that importing `path` can load, `path` included, sorted."""
    seen, waiting = set[Path](), {path.resolve()}
    while waiting:
        file = waiting.pop()
        seen.add(file)
        waiting |= imported(file) - seen
    return sorted(seen)
