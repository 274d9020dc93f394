"""Commands that ask the trained models."""

import time
from pathlib import Path

import click

from pipeline.commands.options import PATH
from pipeline.core.errors import InputError, refusing
from pipeline.core.models import LEAD, MODELS


@click.command()
@click.argument("text", nargs=-1)
@click.option("--file", metavar="FILE", help="A text file with one review per line; - reads standard input.")
@click.option(
    "--model", type=PATH, default=LEAD, help="A model, by name, by folder, or by the folder of one seed of an LSTM."
)
def predict(text: tuple[str, ...], file: str | None, model: Path) -> None:
    """Print the probability that each review is positive.

    Without TEXT and --file, reads standard input, one review per line.
    """
    from pipeline.serve.text_model import TextModel

    texts = list(text)
    if file or not texts:
        source, problem = file or "standard input", "cannot be read as UTF-8 text"
        with (
            refusing(source, problem, "give one review per line"),
            click.open_file(file or "-", encoding="utf-8") as lines,
        ):
            texts += [line.rstrip("\n") for line in lines]
    reviews = [review for review in texts if review.strip()]
    if n_blank := len(texts) - len(reviews):
        click.echo(f"skipped {n_blank:,} blank {'line' if n_blank == 1 else 'lines'}", err=True)
    if not reviews:
        raise InputError("no review given; pass one as an argument, or one per line with --file or on standard input")
    folder = Path("artifacts") / model if str(model) in MODELS else model
    for review, probability in zip(reviews, TextModel.load(folder).probabilities(reviews), strict=True):
        click.echo(f"{probability:.4f}  {review}")


@click.command()
@click.option("--host", default="127.0.0.1", help="The address to listen on; 0.0.0.0 opens the page to the network.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="The port to listen on; 0 for any free one.")
@click.option("--artifacts", type=PATH, default="artifacts", help="The folder of the models.")
@click.option("--data", type=PATH, default="data", help="The folder of the reviews.")
def serve(host: str, port: int, artifacts: Path, data: Path) -> None:
    """Serve a local page to try the models on a review you type."""
    import torch

    from pipeline.serve import server
    from pipeline.serve.predictor import Predictor

    started = time.perf_counter()
    listening = server.listen(host, port)  # first, so that a taken port is reported before the models are loaded
    # The LSTM's steps are small: a second thread gains little, and loses much when another process keeps a core busy.
    torch.set_num_threads(1)
    predictor = Predictor.load(artifacts, data)
    click.echo(f"models loaded in {time.perf_counter() - started:.1f} s")
    if predictor.similar is None:
        click.echo(f"{data / 'tokens'} is missing: no similar training reviews on the page; `dvc pull` fetches them")
    if not server.is_local(listening):
        click.echo("other machines can reach this page, and it asks for no password")
    click.echo(f"{server.address(listening)}   press Ctrl-C to stop")
    server.serve(predictor, listening)
