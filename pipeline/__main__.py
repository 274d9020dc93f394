"""Command line: `python -m pipeline predict | serve | neighbors | export | release | compare | results | preset`."""

import argparse
import json
import shlex
import sys
import time
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import atomic, read_json


def _predict(arguments: argparse.Namespace) -> None:
    from pipeline.classifier import Classifier
    from pipeline.seeds import first_seed
    from pipeline.tokenizer import Tokenizer, tokenize
    from pipeline.tokens import encode

    texts: list[str] = arguments.text
    if arguments.file:
        try:
            texts = [*texts, *Path(arguments.file).read_text("utf-8").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{arguments.file} cannot be read as UTF-8 text: {error}") from None
    if not texts:
        texts = [line.rstrip("\n") for line in sys.stdin]
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise InputError("no review given: name one as an argument, a --file, or pipe one a line")
    classifier = Classifier.load(first_seed(Path(arguments.model)))
    tokenizer = Tokenizer.from_config(classifier.tokenizer)
    index = {word: i for i, word in enumerate(classifier.words)}
    # A handful is done before a second process is up.
    chunks = tokenize(texts, tokenizer, n_jobs=1 if len(texts) < 2000 else None)
    for text, probability in zip(texts, classifier.probabilities(encode(chunks, index)), strict=True):
        print(f"{probability:.4f}  {text}")


def _serve(arguments: argparse.Namespace) -> None:
    import torch

    from pipeline.opinion import Models
    from pipeline.serve import address, is_local, listen, serve

    started = time.perf_counter()
    listening = listen(arguments.host, arguments.port)  # before the models, for whose loading one would wait in vain
    # The LSTM's steps are small: a second thread gains little, and beside a busy process the two wait for each other.
    torch.set_num_threads(1)
    models = Models.load(Path(arguments.artifacts), Path(arguments.data))
    print(f"models loaded in {time.perf_counter() - started:.1f} s", flush=True)
    if models.nearest is None:
        print(
            f"{Path(arguments.data) / 'tokens'} is missing: without the nearest training reviews; `dvc pull` fetches it"
        )
    if not is_local(listening):
        print("other machines can reach this page, which asks nobody for a password")
    print(f"{address(listening)}   Ctrl-C ends it", flush=True)
    serve(models, listening)


def _neighbors(arguments: argparse.Namespace) -> None:
    from pipeline.embeddings import Embeddings
    from pipeline.neighbors import Neighbors

    positive = [*arguments.word, *arguments.positive]
    if not positive:
        raise InputError("no word given: name one, or several after --positive")
    neighbors = Neighbors(Embeddings.load(Path(arguments.embeddings)))
    for word, cosine in neighbors.of(positive, arguments.negative, arguments.top):
        print(f"{cosine:.3f}  {word}")


def _export(arguments: argparse.Namespace) -> None:
    from pipeline.export import export, load_vectors

    target = Path(arguments.output) if arguments.output else None
    print(export(load_vectors(Path(arguments.embeddings)), arguments.format, target))


def _release(arguments: argparse.Namespace) -> None:
    from pipeline.release import pack

    target, metrics = Path(arguments.output), Path(arguments.metrics)
    pack(Path(arguments.embeddings), target, read_json(metrics / "embeddings.json"), read_json(metrics / "test.json"))
    print(f"{target}: {target.stat().st_size / 1e6:.0f} MB")


def _compare(arguments: argparse.Namespace) -> None:
    from pipeline.comparison import as_dict, compare, correct_for_many
    from pipeline.comparison_text import as_text, many_as_text
    from pipeline.revisions import WORKSPACE, experiments, find
    from pipeline.sides import Files, read_side

    here = Path()
    files = Files(Path("predictions/test.parquet"), Path("params.yaml"), Path("dvc.lock"))
    names: list[str] = arguments.revision or ["HEAD"]
    if len(names) == 1 and not arguments.all:
        names = [*names, WORKSPACE]
    options = {"models": arguments.model, "level": arguments.level, "n_resamples": arguments.resamples, "seed": 1}
    a, *others = (read_side(find(name, here), files) for name in names)
    comparisons = [compare(a, b, **options) for b in others]
    left_out: dict[str, str] = {}
    if arguments.all:
        found = experiments(here)
        if not found:
            raise InputError(
                "there are no experiments here; `dvc exp run -S baseline.min_df=10` makes one, `dvc exp pull` fetches"
                " those of a remote"
            )
        for revision in found:
            if revision.name in names or revision.commit == a.revision.commit:
                continue
            try:
                comparisons.append(compare(a, read_side(revision, files), **options))
            except InputError as error:  # one of many, that need not stop the others
                left_out[revision.name] = str(error)
    many = arguments.all or len(comparisons) > 1
    if many:
        comparisons = correct_for_many(comparisons)
    if arguments.json:
        result = {
            "level": arguments.level,
            "n_resamples": arguments.resamples,
            "comparisons": [as_dict(comparison) for comparison in comparisons],
            "left_out": left_out,
        }
        print(json.dumps(result, indent=2, ensure_ascii=False))
    elif many:
        print(many_as_text(a, comparisons, left_out, arguments.level))
    else:
        print(as_text(comparisons[0], arguments.level))


def _results(arguments: argparse.Namespace) -> None:
    from pipeline.marks import write_between_marks
    from pipeline.report import results_table, where

    folder = Path(arguments.metrics)
    seconds = {path.stem: read_json(path) for path in sorted((folder / "seconds").glob("*.json"))}
    text = f"{results_table(read_json(folder / 'test.json'), seconds)}\n\n{where(seconds)}."
    if arguments.write:
        write_between_marks(Path(arguments.write), "results", text)
    else:
        print(text)


def _preset(arguments: argparse.Namespace) -> None:
    from pipeline.presets import apply, read_preset
    from pipeline.presets import arguments as as_arguments

    preset = read_preset(Path("presets"), arguments.name)
    if arguments.write:
        path = Path(arguments.write)
        changed = apply(preset, path.read_text("utf-8"))
        with atomic(path) as temporary:
            temporary.write_text(changed, "utf-8")
    else:
        print(shlex.join(as_arguments(preset)))


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
    commands = parser.add_subparsers(required=True, metavar="command")

    predict = commands.add_parser("predict", help="the probability of a review being positive")
    predict.add_argument("text", nargs="*", help="a review; without one, standard input is read, a review a line")
    predict.add_argument("--file", help="a text file, a review a line")
    predict.add_argument("--model", default="artifacts/lstm_finetuned", help="the folder of a classifier")
    predict.set_defaults(command=_predict)

    serve = commands.add_parser("serve", help="a local page on which one types a review and sees what each model says")
    serve.add_argument("--host", default="127.0.0.1", help="this machine alone by default; 0.0.0.0 for the network")
    serve.add_argument("--port", type=_port, default=8000, help="8000 by default; 0 is any free one")
    serve.add_argument("--artifacts", default="artifacts", help="the folder of the models")
    serve.add_argument("--data", default="data", help="the folder of the reviews")
    serve.set_defaults(command=_serve)

    neighbors = commands.add_parser("neighbors", help="the words whose vectors are nearest to a word's, or to a sum")
    neighbors.add_argument("word", nargs="*")
    neighbors.add_argument("--positive", nargs="+", default=[], help="words to add: king woman")
    neighbors.add_argument("--negative", nargs="+", default=[], help="words to take away: man")
    neighbors.add_argument("--top", type=_count, default=10, help="how many, 10 by default")
    neighbors.add_argument("--embeddings", default="artifacts/embeddings")
    neighbors.set_defaults(command=_neighbors)

    export = commands.add_parser("export", help="the word vectors in a format of other programs")
    export.add_argument("--format", required=True, help="word2vec, word2vec-text, glove, projector or artifact")
    export.add_argument("--embeddings", default="artifacts/embeddings", help="their folder, or that of a classifier")
    export.add_argument("--output", help="where to; a file or folder here, named after the format, by default")
    export.set_defaults(command=_export)

    release = commands.add_parser("release", help="the word vectors with their card and checksums in one file")
    release.add_argument("--embeddings", default="artifacts/embeddings")
    release.add_argument("--metrics", default="metrics")
    release.add_argument("--output", default="dist/word-vectors.tar.gz")
    release.set_defaults(command=_release)

    compare = commands.add_parser(
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
    compare.set_defaults(command=_compare)

    results = commands.add_parser("results", help="the table of results, in Markdown")
    results.add_argument("--metrics", default="metrics")
    results.add_argument("--write", metavar="FILE", help="write it between the marks `results` of a Markdown file")
    results.set_defaults(command=_results)

    preset = commands.add_parser("preset", help="a preset as arguments of `dvc exp run`")
    preset.add_argument("name")
    preset.add_argument("--write", metavar="FILE", help="write its values into this params.yaml instead")
    preset.set_defaults(command=_preset)
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
