"""Recurrent layers, one file per family: `make_cell(...)` returns `Layers`, whose arguments it takes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.cells.stack import Layers as make_cell  # noqa: N813

__all__ = ["make_cell"]


def __getattr__(name: str) -> Any:
    """Import torch when `make_cell` is asked for: it takes a second, and the names of cells are checked without it."""
    if name != "make_cell":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipeline.cells.stack import Layers

    return Layers
