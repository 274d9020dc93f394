"""The command that lists the recurrent cells."""

import click

from pipeline.cells.table import CELLS

MAX_SIZE = 4096  # the layers are built to count their parameters


@click.command()
@click.option("--input-size", type=click.IntRange(1, MAX_SIZE), default=200, help="The width of the input, D.")
@click.option("--hidden-size", type=click.IntRange(1, MAX_SIZE), default=128, help="The width of the state, H.")
@click.option(
    "--period",
    "periods",
    type=click.IntRange(1, 2**31),
    multiple=True,
    default=(1, 2, 4, 8),
    help="Periods of clockwork.",
)
def cells(input_size: int, hidden_size: int, periods: tuple[int, ...]) -> None:
    """List the recurrent cells with their sources.

    Any of them can be the value of classify.cell. The number of parameters is that of one direction of one layer, or of
    two layers for a cell that needs two.
    """
    from tabulate import tabulate

    from pipeline.cells import make_cell

    rows, notes = [], []
    for name, cell in CELLS.items():
        layers = make_cell(name, input_size, hidden_size, 2 if cell.first else 1, periods=periods)
        rows.append((name, f"{layers.n_parameters():,}" + " (2 layers)" * bool(cell.first), cell.source))
        notes += [f"{name}: {note}" for note in layers.notes]
    click.echo(tabulate(rows, ("cell", "parameters", "source"), "plain", disable_numparse=True))
    click.echo(f"\nInput {input_size}, state {hidden_size}. docs/cells.md has the equations.")
    for note in notes:
        click.echo(note)
