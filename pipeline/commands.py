"""What each command of `python -m pipeline` does; a command loads the libraries that it needs, and no others."""

import json
import sys
import time
from argparse import Namespace
from pathlib import Path

from pipeline.core.errors import InputError
from pipeline.core.files import atomic, read_json


def predict(arguments: Namespace) -> None:
    """Print the probability of each review."""
    from pipeline.classify.classifier import Classifier
    from pipeline.core.models import first_seed
    from pipeline.tokenize.chunks import encode
    from pipeline.tokenize.tokenizer import Tokenizer, tokenize

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


def serve(arguments: Namespace) -> None:
    """Load the models and answer on a local page until Ctrl-C."""
    import torch

    from pipeline.serve import server as page
    from pipeline.serve.predictor import Models

    started = time.perf_counter()
    listening = page.listen(
        arguments.host, arguments.port
    )  # before the models, for whose loading one would wait in vain
    # The LSTM's steps are small: a second thread gains little, and beside a busy process the two wait for each other.
    torch.set_num_threads(1)
    models = Models.load(Path(arguments.artifacts), Path(arguments.data))
    print(f"models loaded in {time.perf_counter() - started:.1f} s", flush=True)
    if models.nearest is None:
        print(
            f"{Path(arguments.data) / 'tokens'} is missing: without the nearest training reviews; `dvc pull` fetches it"
        )
    if not page.is_local(listening):
        print("other machines can reach this page, which asks nobody for a password")
    print(f"{page.address(listening)}   Ctrl-C ends it", flush=True)
    page.serve(models, listening)


def neighbors(arguments: Namespace) -> None:
    """Print the nearest words with their cosines."""
    from pipeline.core.embeddings import Embeddings
    from pipeline.vectors.neighbors import Neighbors

    positive = [*arguments.word, *arguments.positive]
    if not positive:
        raise InputError("no word given: name one, or several after --positive")
    near = Neighbors(Embeddings.load(Path(arguments.embeddings)))
    for word, cosine in near.of(positive, arguments.negative, arguments.top):
        print(f"{cosine:.3f}  {word}")


def export(arguments: Namespace) -> None:
    """Write the vectors in another format; print where."""
    from pipeline.core.embeddings import load_vectors
    from pipeline.vectors.export import export as write

    target = Path(arguments.output) if arguments.output else None
    print(write(load_vectors(Path(arguments.embeddings)), arguments.format, target))


def release(arguments: Namespace) -> None:
    """Pack the vectors into one file."""
    from pipeline.vectors.release import pack

    target, metrics = Path(arguments.output), Path(arguments.metrics)
    pack(Path(arguments.embeddings), target, read_json(metrics / "embeddings.json"), read_json(metrics / "test.json"))
    print(f"{target}: {target.stat().st_size / 1e6:.0f} MB")


def compare(arguments: Namespace) -> None:
    """Print how revisions differ by their predictions."""
    from pipeline.compare.comparison import as_dict, correct_for_many
    from pipeline.compare.comparison import compare as compare_sides
    from pipeline.compare.results import Files, read_results
    from pipeline.compare.revisions import WORKSPACE, experiments, find
    from pipeline.compare.text import as_text, many_as_text

    here = Path()
    files = Files(Path("predictions/test.parquet"), Path("params.yaml"), Path("dvc.lock"))
    names: list[str] = arguments.revision or ["HEAD"]
    if len(names) == 1 and not arguments.all:
        names = [*names, WORKSPACE]
    options = {"models": arguments.model, "level": arguments.level, "n_resamples": arguments.resamples, "seed": 1}
    a, *others = (read_results(find(name, here), files) for name in names)
    comparisons = [compare_sides(a, b, **options) for b in others]
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
                comparisons.append(compare_sides(a, read_results(revision, files), **options))
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


def results(arguments: Namespace) -> None:
    """Print the tables of results, or write them into a document."""
    from pipeline.evaluate.predictions import load_predictions, models_of
    from pipeline.polarity.polarity import polarity_table
    from pipeline.report.page import MAIN, results_table, timed, where
    from pipeline.report.tables import write_between_marks

    folder = Path(arguments.metrics)
    fits = models_of(load_predictions(Path(arguments.predictions)))
    seeds = fits.get(MAIN, ())  # of this run: those of earlier ones have left their seconds too
    seconds = {name: read_json(folder / "seconds" / f"{name}.json") for name in timed(seeds)}
    tables = {
        "results": f"{results_table(read_json(folder / 'test.json'), seconds)}\n\n{where(seconds)}.",
        "polarity": polarity_table(read_json(folder / "polarity.json")),
    }
    for name, table in tables.items():
        if arguments.write:
            write_between_marks(Path(arguments.write), name, table)
        else:
            print(f"{table}\n")


def preset(arguments: Namespace) -> None:
    """Print a preset as arguments, or write it into params.yaml."""
    from pipeline.presets import apply, read_preset
    from pipeline.presets import arguments as as_arguments

    found = read_preset(Path("presets"), arguments.name)
    if arguments.write:
        path = Path(arguments.write)
        changed = apply(found, path.read_text("utf-8"))
        with atomic(path) as temporary:
            temporary.write_text(changed, "utf-8")
    else:
        print(*as_arguments(found))  # for $(...), in which the shell splits at spaces and leaves quotes as they are
