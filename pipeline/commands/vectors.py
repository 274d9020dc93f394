"""Commands that use the word vectors, and the export of an LSTM."""

from pathlib import Path

import click
from click.core import ParameterSource

from pipeline.commands.options import EMBEDDINGS, METRICS, PATH, NewFile, SeveralValues
from pipeline.core.errors import InputError
from pipeline.core.models import LEAD


@click.command(cls=SeveralValues)
@click.argument("word", nargs=-1)
@click.option("--positive", multiple=True, metavar="WORD...", help="Words to add, such as king woman.")
@click.option("--negative", multiple=True, metavar="WORD...", help="Words to subtract, such as man.")
@click.option("--top", type=click.IntRange(1), default=10, help="How many neighbors to print.")
@EMBEDDINGS
def neighbors(
    word: tuple[str, ...], positive: tuple[str, ...], negative: tuple[str, ...], top: int, embeddings: Path
) -> None:
    """Print the words nearest to a word, or to a sum of words.

    Nearest are the words with the highest cosine between their vectors; the cosines are printed too.
    """
    from pipeline.core.embeddings import Embeddings
    from pipeline.vectors.neighbors import Neighbors

    words = [*word, *positive]
    if not words:
        raise InputError("no word given; name one, or several after --positive")
    for neighbor, cosine in Neighbors(Embeddings.load(embeddings)).of(words, negative, top):
        click.echo(f"{cosine:.3f}  {neighbor}")


@click.command()
@click.option(
    "--format",
    "name",
    required=True,
    help="word2vec, word2vec-text, glove, projector, sentence-transformers, model2vec or artifact for the word vectors;"
    " onnx for an LSTM.",
)
@click.option("--model", default=LEAD, help="For onnx: the LSTM, by name, by folder, or by the folder of a seed.")
@click.option(
    "--embeddings",
    type=PATH,
    default="artifacts/embeddings",
    help="The folder of the word vectors, or of an LSTM, to export its fine-tuned vectors.",
)
@METRICS
@click.option("--output", type=PATH, help="The file or folder to write; named after the format by default.")
@click.pass_context
def export(context: click.Context, name: str, model: str, embeddings: Path, metrics: Path, output: Path | None) -> None:
    """Write the word vectors or an LSTM for other programs."""
    read, unread = ("model", "embeddings") if name == "onnx" else ("embeddings", "model")
    if context.get_parameter_source(unread) is ParameterSource.COMMANDLINE:
        raise InputError(f"the format {name} does not read --{unread}; give --{read}, or another format")
    if name == "onnx":
        from pipeline.deploy.export import export_onnx

        click.echo(export_onnx(model, Path("artifacts"), output))
        return
    from pipeline.core.embeddings import load_vectors
    from pipeline.vectors.export import export as write

    click.echo(write(load_vectors(embeddings), name, output, metrics))


@click.command()
@EMBEDDINGS
@METRICS
@click.option("--output", type=NewFile(), default="dist/word-vectors.tar.gz", help="The file to write.")
def release(embeddings: Path, metrics: Path, output: Path) -> None:
    """Pack the word vectors, their card and checksums into one file."""
    from pipeline.vectors.release import pack

    pack(embeddings, output, metrics)
    click.echo(f"{output}: {output.stat().st_size / 1e6:.0f} MB")


@click.command()
@click.argument("folder", type=PATH)
@METRICS
def card(folder: Path, metrics: Path) -> None:
    """Print the model card of word vectors or of an LSTM."""
    from pipeline.vectors.card import card_of

    click.echo(card_of(folder, metrics))
