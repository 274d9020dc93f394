"""The command line: `python -m pipeline COMMAND`; without one it lists them."""

import argparse
import sys

from pipeline import commands
from pipeline.core.errors import InputError


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, a whole number from 0 to 65535")
    return int(text)


def _level(text: str) -> float:
    try:
        level = float(text)
    except ValueError:
        level = 0.0
    if not 0 < level < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return level


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline", description="Use what `dvc repro` made.")
    parsers = parser.add_subparsers(required=True, metavar="command")

    predict = parsers.add_parser("predict", help="the probability of a review being positive")
    predict.add_argument("text", nargs="*", help="a review; without one, standard input is read, a review a line")
    predict.add_argument("--file", help="a text file, a review a line")
    predict.add_argument("--model", default="artifacts/lstm_finetuned", help="the folder of a classifier")
    predict.set_defaults(command=commands.predict)

    serve = parsers.add_parser("serve", help="a local page on which one types a review and sees what each model says")
    serve.add_argument("--host", default="127.0.0.1", help="this machine alone by default; 0.0.0.0 for the network")
    serve.add_argument("--port", type=_port, default=8000, help="8000 by default; 0 is any free one")
    serve.add_argument("--artifacts", default="artifacts", help="the folder of the models")
    serve.add_argument("--data", default="data", help="the folder of the reviews")
    serve.set_defaults(command=commands.serve)

    neighbors = parsers.add_parser("neighbors", help="the words whose vectors are nearest to a word's, or to a sum")
    neighbors.add_argument("word", nargs="*")
    neighbors.add_argument("--positive", nargs="+", default=[], help="words to add: king woman")
    neighbors.add_argument("--negative", nargs="+", default=[], help="words to take away: man")
    neighbors.add_argument("--top", type=_count, default=10, help="how many, 10 by default")
    neighbors.add_argument("--embeddings", default="artifacts/embeddings")
    neighbors.set_defaults(command=commands.neighbors)

    export = parsers.add_parser("export", help="the word vectors in a format of other programs")
    export.add_argument("--format", required=True, help="word2vec, word2vec-text, glove, projector or artifact")
    export.add_argument("--embeddings", default="artifacts/embeddings", help="their folder, or that of a classifier")
    export.add_argument("--output", help="where to; a file or folder here, named after the format, by default")
    export.set_defaults(command=commands.export)

    release = parsers.add_parser("release", help="the word vectors with their card and checksums in one file")
    release.add_argument("--embeddings", default="artifacts/embeddings")
    release.add_argument("--metrics", default="metrics")
    release.add_argument("--output", default="dist/word-vectors.tar.gz")
    release.set_defaults(command=commands.release)

    compare = parsers.add_parser(
        "compare",
        help="did a change help? the predictions of revisions or experiments on the same reviews",
        description="Compare revisions by their predictions on the same test reviews: accuracies with intervals, the"
        " difference with its paired bootstrap interval and McNemar's exact p, what can be told from noise, and the"
        " parameters that differ. A revision is what git knows, the name of an experiment, or `workspace`.",
    )
    compare.add_argument(
        "revision",
        nargs="*",
        help="the baseline, HEAD by default, then what is held against it, the workspace by default; of several the p"
        " values are corrected after Holm",
    )
    compare.add_argument("--all", action="store_true", help="hold all experiments of `dvc exp` against the baseline")
    compare.add_argument("--model", action="append", default=[], help="this model alone; may be given several times")
    compare.add_argument(
        "--level", type=_level, default=0.05, help="of the tests, 0.05 by default; intervals are of 1 - it"
    )
    compare.add_argument("--resamples", type=_count, default=10_000, help="of the bootstrap, 10,000 by default")
    compare.add_argument("--json", action="store_true", help="print JSON")
    compare.set_defaults(command=commands.compare)

    results = parsers.add_parser("results", help="the tables of results, in Markdown")
    results.add_argument("--metrics", default="metrics")
    results.add_argument("--predictions", default="predictions/test.parquet", help="of which the seeds are taken")
    results.add_argument("--write", metavar="FILE", help="write each between the marks of its name in a file")
    results.set_defaults(command=commands.results)

    preset = parsers.add_parser("preset", help="a preset as arguments of `dvc exp run`")
    preset.add_argument("name")
    preset.add_argument("--write", metavar="FILE", help="write its values into this params.yaml instead")
    preset.set_defaults(command=commands.preset)
    return parser


def main() -> None:
    """Run the command; an error that the user can mend is one line on standard error."""
    arguments = _parser().parse_args()
    try:
        arguments.command(arguments)
    except InputError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
