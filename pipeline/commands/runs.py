"""Commands about whole runs: compare them, print their results, set their parameters."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.options import METRICS, PATH, NewFile
from pipeline.core.errors import InputError, one_line, refusing
from pipeline.core.files import atomic, read_json

if TYPE_CHECKING:
    from pipeline.compare.comparison import Comparison
    from pipeline.compare.results import RevisionResults
    from pipeline.compare.revisions import Revision

LEAST_LEVEL = 1e-9


def _check_level(context: click.Context, option: click.Parameter, value: float) -> float:
    """Return the level of a test; nan, which click's ranges accept, and one that rounding makes 0 are wrong usage."""
    if not LEAST_LEVEL <= value < 1:
        raise click.BadParameter(f"{value} is not in the range {LEAST_LEVEL:g}<=x<1.", context, option)
    return value


@click.command()
@click.argument("revision", nargs=-1)
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Compare all experiments of `dvc exp` with the baseline, in a narrower table than that of `dvc exp show`.",
)
@click.option("--model", "models", multiple=True, metavar="NAME", help="Compare this model only; can be repeated.")
@click.option(
    "--level",
    type=float,
    callback=_check_level,
    default=0.05,
    help="The level of the tests; intervals cover 1 - level.",
)
@click.option(
    "--resamples",
    type=click.IntRange(1, 10_000_000),
    default=10_000,
    help="The number of bootstrap resamples.",
)
@click.option(
    "--reviews",
    "n_reviews",
    type=click.IntRange(1),
    help="Show so many reviews per model whose predicted label changed.",
)
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown, for a pull request.")
@click.option(
    "--html",
    "target",
    type=NewFile(),
    metavar="FILE",
    help="Write a page that opens offline; with --reviews, it has the reviews, word by word.",
)
def compare(
    revision: tuple[str, ...],
    every: bool,
    models: tuple[str, ...],
    level: float,
    resamples: int,
    n_reviews: int | None,
    form: str | None,
    target: Path | None,
) -> None:
    """Compare revisions by their predictions on the same reviews.

    Prints accuracies with intervals, the difference with its paired bootstrap interval and McNemar's exact p, whether
    it exceeds noise, and the parameters that differ.

    The first REVISION is the baseline, HEAD by default; the others are compared with it, the workspace by default. With
    several, p values are corrected by Holm's method. A revision is a commit, branch or tag, the name of an experiment,
    or `workspace`.
    """
    from pipeline.compare import markdown, text
    from pipeline.compare.comparison import as_dict, correct_for_many
    from pipeline.compare.comparison import compare as compare_results
    from pipeline.compare.results import RevisionResults, read_results
    from pipeline.compare.revisions import WORKSPACE, find

    names = list(revision) or ["HEAD"]
    if len(names) == 1 and not every:
        names.append(WORKSPACE)
    several = every or len(names) > 2
    for option, given in (("--reviews", n_reviews), ("--html", target)):
        if given and (several or form):
            raise InputError(f"{option} needs two revisions, and neither --json nor --markdown; name two revisions")
    a, *others = (read_results(find(name, Path())) for name in names)

    def with_a(b: RevisionResults) -> "Comparison":
        return compare_results(a, b, models=models, level=level, n_resamples=resamples, seed=1)

    comparisons = [with_a(b) for b in others]
    left_out: dict[str, str] = {}
    for experiment in _experiments(a, names) if every else ():
        try:
            comparisons.append(with_a(read_results(experiment)))
        except InputError as error:  # one broken experiment must not hide the others
            left_out[experiment.name] = str(error)
    if several:
        comparisons = correct_for_many(comparisons)
    if form == "json":
        as_dicts = [as_dict(one) for one in comparisons]
        value = {"level": level, "n_resamples": resamples, "comparisons": as_dicts, "left_out": left_out}
        click.echo(json.dumps(value, indent=2, default=str))
    elif form == "markdown":
        _echo(markdown.as_markdown(comparisons, left_out, level))
    elif several:
        _echo(text.many_as_text(a, comparisons, left_out, level))
    else:
        _show(comparisons[0], level, n_reviews or 0, target)


def _experiments(a: "RevisionResults", names: Sequence[str]) -> "list[Revision]":
    """Return the experiments of `dvc exp` but the baseline A and those that are named."""
    from pipeline.compare.revisions import experiments

    every = experiments(Path())
    if not every:
        raise InputError(
            "there are no experiments; `dvc exp run -S baseline.min_df=10` makes one, `dvc exp pull` fetches those"
            " of a remote"
        )
    return [one for one in every if one.name not in names and one.commit != a.revision.commit]


def _show(one: "Comparison", level: float, n_reviews: int, target: Path | None) -> None:
    """Print the comparison of two revisions, or write its page, with `n_reviews` of those that changed side."""
    from pipeline.compare import reviews, text

    changed: dict[str, list[reviews.ChangedReview]] = {}
    texts: dict[str, str] = {}
    if n_reviews:
        changed = {model: reviews.changed_reviews(one.a, one.b, model) for model in one.models}
        ids = [review.id for of_model in changed.values() for review in of_model[:n_reviews]]
        texts = reviews.read_texts(Path("data/test.parquet"), ids)
    if target is None:
        _echo(text.as_text(one, level))
        for model, of_model in changed.items():
            _echo("\n" + reviews.reviews_as_text(model, of_model, n_reviews, texts))
        return
    from pipeline.compare.page import page

    shown = {}
    if changed:
        from pipeline.compare.words import reviews_of  # loads torch

        shown = {
            model: reviews_of(one.a, one.b, model, of_model, n_reviews, texts) for model, of_model in changed.items()
        }
    with atomic(target) as temporary:
        temporary.write_text(page(one, level, shown), "utf-8")
    click.echo(target)


def _echo(text: str) -> None:
    """Print lines; control characters are escaped, as the text may come from other people's commits."""
    click.echo("\n".join(one_line(line, len(line)) for line in text.split("\n")))


def _read_text(path: Path) -> str:
    with refusing(path, "is not readable as UTF-8 text", "name a text file that exists"):
        return path.read_text("utf-8")


@click.command()
@METRICS
@click.option("--predictions", type=PATH, default="predictions/test.json", help="The file that names the seeds.")
@click.option(
    "--write",
    type=PATH,
    metavar="FILE",
    help="Write the tables into FILE, between the comments that mark their places.",
)
def results(metrics: Path, predictions: Path, write: Path | None) -> None:
    """Print the tables of results in Markdown."""
    from pipeline.core.models import LEAD
    from pipeline.ensemble.predictions import load_predictions, models_of
    from pipeline.report.markers import write_between_markers
    from pipeline.report.tables import measured_on, polarity_table, results_table, timed

    # The seeds of this run: earlier runs have left the seconds of other seeds too.
    seeds = models_of(load_predictions(predictions)).get(LEAD, ())
    seconds = {name: read_json(metrics / "seconds" / f"{name}.json") for name in timed(seeds)}
    test, polarity = read_json(metrics / "test.json"), read_json(metrics / "polarity.json")
    with refusing(metrics, "lacks what the tables need", "run `git checkout` on it, or `dvc repro`"):
        tables = {
            "results": f"{results_table(test, seconds)}\n\nMeasured on {measured_on(seconds)}.",
            "polarity": polarity_table(polarity),
        }
    if write:
        document = _read_text(write) if write.exists() else ""
        has_markers = {name: table for name, table in tables.items() if f"<!-- {name} -->" in document}
        for name, table in (has_markers or tables).items():  # a file without any is an error that names them
            write_between_markers(write, name, table)
    else:
        click.echo("\n\n".join(tables.values()))


@click.command()
@click.argument("name", default="")
@click.option("--write", type=PATH, metavar="FILE", help="Write its values into FILE, a params.yaml, instead.")
def preset(name: str, write: Path | None) -> None:
    """Print the preset NAME as arguments of `dvc exp run`."""
    from pipeline.presets import apply, arguments, read_preset

    try:
        values = read_preset(Path("presets"), name)
        printed = "" if write else " ".join(arguments(values))  # without quotes: they would stay in what $(...) prints
    except InputError:
        if not write:
            # `dvc exp run $(python -m pipeline preset NAME)` sees what is printed here, not that the command failed.
            # With nothing printed it would run, and record, the default parameters; an unknown option stops it.
            click.echo(f"--no-such-preset={name}")
        raise
    if write:
        changed = apply(values, _read_text(write))
        with atomic(write) as temporary:
            temporary.write_text(changed, "utf-8")
    else:
        click.echo(printed)
