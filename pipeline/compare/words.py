"""The reviews word by word, as the network of a revision reads them. The network comes from DVC's cache."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.classify.classifier import Classifier
from pipeline.compare.results import RevisionResults
from pipeline.compare.reviews import ChangedReview, ModelReviews
from pipeline.compare.revisions import Revision
from pipeline.core.errors import InputError, refusing
from pipeline.core.models import NETWORKS
from pipeline.ensemble.predictions import models_of, of_model
from pipeline.evaluate.examples import pieces, readable
from pipeline.evaluate.prefixes import prefix_probabilities
from pipeline.report.page import annotate
from pipeline.tokenize.chunks import encode
from pipeline.tokenize.tokenizer import Tokenizer

TOLERANCE = 0.02  # between a probability and the recorded one; processors differ in far less


def _copy_from_cache(revision: Revision, path: Path, target: Path) -> None:
    """Copy an output of a commit from DVC's cache. Nothing is fetched: the cache takes the place of any remote.

    Raises:
        InputError: the commit has no such output, or the cache lacks it.
    """
    from dvc.repo import Repo  # a slow import

    source, remedy = revision.folder, f"check out {revision.name} and run `dvc fetch`"
    with refusing(f"{path} of {revision.name}", "is not in DVC's cache", remedy):
        with Repo(str(source)) as here:
            cache = {"core": {"remote": "cache"}, "remote": {"cache": {"url": here.cache.local_cache_dir}}}
        Repo.get(str(source), path.as_posix(), out=str(target), rev=revision.commit, config=cache)


def load_network(revision: Revision, model: str, seed: int) -> Classifier:
    """Read a network of a revision: the workspace's from its folder, a commit's from DVC's cache.

    Raises:
        InputError: it is not there, or this code cannot read it.
    """
    path = Path("artifacts") / model / str(seed)
    if revision.commit is None:
        return Classifier.load(revision.folder / path)
    with TemporaryDirectory() as folder:
        copied = Path(folder) / "network"
        _copy_from_cache(revision, path, copied)
        try:
            return Classifier.load(copied)
        except InputError as error:
            reason = str(error).partition(";")[0].replace(str(copied), str(path))
            raise InputError(
                f"{path} of {revision.name} cannot be read ({reason}); check out {revision.name} to use it"
            ) from None


def word_by_word(classifier: Classifier, texts: Mapping[str, str], recorded: Mapping[str, float]) -> dict[str, Any]:
    """Return how a network reads some reviews, prepared for a page by `annotate`, by id.

    Args:
        classifier: the network.
        texts: of the reviews, by id.
        recorded: their probabilities in the predictions of the same revision.

    Raises:
        InputError: the network gives another probability than the recorded one.
    """
    tokenizer = Tokenizer.from_config(classifier.tokenizer)
    index = {word: i for i, word in enumerate(classifier.words)}
    read = {}
    for review, text in texts.items():
        chunk = tokenizer.chunk([text])
        prefixes = prefix_probabilities(classifier, encode([chunk], index).values)
        last = float(prefixes.probabilities[-1]) if len(prefixes.probabilities) else prefixes.before
        if abs(last - recorded[review]) > TOLERANCE:
            raise InputError(
                f"the network gives {review} the probability {last:.2f}, the predictions have {recorded[review]:.2f}:"
                " they come from another network or other code; compare revisions that have run with this code"
            )
        cut = pieces(readable(text), chunk.text.split(), index, prefixes)
        read[review] = annotate({"before": prefixes.before, "pieces": cut})
    return read


def reviews_of(
    a: RevisionResults,
    b: RevisionResults,
    model: str,
    changed: Sequence[ChangedReview],
    n: int,
    texts: Mapping[str, str],
) -> ModelReviews:
    """Prepare the reviews that changed side in a model for the page, word by word where a network can be read.

    Args:
        a: the baseline.
        b: what is compared with it.
        model: the name; only networks read word by word.
        changed: as `changed_reviews` returns them.
        n: how many to show.
        texts: of the reviews of the test set, by id, as far as they are there.
    """
    shown = {review.id: readable(texts[review.id]) for review in changed[:n] if review.id in texts}
    words: dict[str, dict[str, Any]] = {}
    seeds: dict[str, int] = {}
    notes = []
    for side, one in (("A", a), ("B", b)):
        of_one = models_of(one.table)[model]
        if model not in NETWORKS or not of_one or not shown:
            continue
        probabilities = of_model(one.table, model, of_one[:1])[0]
        recorded = dict(zip(one.table["id"].to_pylist(), probabilities.tolist(), strict=True))
        try:
            network = load_network(one.revision, model, of_one[0])
            words[side] = word_by_word(network, {review: texts[review] for review in shown}, recorded)
            seeds[side] = of_one[0]
        except InputError as error:
            notes.append(f"{side}: {error}")
    return ModelReviews(changed, n, shown, words, seeds, notes)
