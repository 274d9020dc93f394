"""Options that several commands share."""

import os
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

PATH = click.Path(path_type=Path)
EMBEDDINGS = click.option("--embeddings", type=PATH, default="artifacts/embeddings", help="The word vectors' folder.")
METRICS = click.option("--metrics", type=PATH, default="metrics", help="The folder of the metrics.")


class NewFile(click.Path):
    """A file to write. A folder is refused: it would be replaced, with all that is in it."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.name:
            self.fail("the name of the file is empty; name one", param, ctx)
        return path


class SeveralValues(click.Command):
    """A command whose repeatable options take several values at once: `--negative man boy`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat such an option before each of its values, as click expects it."""
        names = {name for option in self.params if getattr(option, "multiple", False) for name in option.opts}
        repeated: list[str] = []
        option = ""
        for arg in _separate(args, names):
            if arg.startswith("-"):
                if option and repeated[-1] == option:
                    raise click.BadOptionUsage(option, f"Option {option!r} requires an argument.", ctx)
                option = arg if arg in names else ""
                repeated.append(arg)
            else:
                repeated += [option, arg] if option and repeated[-1] != option else [arg]
        return super().parse_args(ctx, repeated)


def _separate(args: Sequence[str], names: Container[str]) -> Iterator[str]:
    """Yield the arguments, those of the form `--name=value` in two if the option is one of `names`."""
    for arg in args:
        name, separator, value = arg.partition("=")
        yield from (name, value) if separator and name in names else (arg,)
