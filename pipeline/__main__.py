"""The command line: `python -m pipeline COMMAND`; without a command it prints its help."""

import errno
import io
import sys
from typing import Any

import click

from pipeline.commands import cells, models, runs, vectors
from pipeline.commands.mend import mend
from pipeline.commands.publish import publish
from pipeline.core.errors import LONGEST, InputError, one_line


class Commands(click.Group):
    """Commands in the order of their definition; an error is one line on standard error and status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        if isinstance(sys.stdout, io.TextIOWrapper):  # what its encoding lacks, half a character say, is escaped
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except InputError as error:
            said = str(error)
        except MemoryError:
            said = "there is too little memory; close other programs, or use a machine with more"
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has gone, as `head` does
                raise
            name = f"{error.filename}: " if error.filename else ""
            said = f"{name}{error.strerror or error}; check the path, its permissions and the space on its disk"
        click.echo(f"error: {one_line(said, LONGEST)}", err=True)
        ctx.exit(1)


@click.group(
    cls=Commands,
    commands=[
        models.predict,
        models.serve,
        vectors.neighbors,
        vectors.export,
        vectors.release,
        vectors.card,
        publish,
        runs.compare,
        runs.results,
        runs.preset,
        cells.cells,
        mend,
    ],
    invoke_without_command=True,  # click's own answer to a missing command is an error
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 120},
)
@click.pass_context
def main(context: click.Context) -> None:
    """Use the models, vectors and results of a run."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


if __name__ == "__main__":
    main()
