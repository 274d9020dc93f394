"""Which reviews are for training, validation and test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.core.errors import InputError
from pipeline.fetch.official import describe_test, official_rows
from pipeline.fetch.reviews import SOURCE_SPLITS
from pipeline.fetch.spool import Facts

LABEL_NAMES = {0: "negative", 1: "positive"}
MIN_TRAIN = 32  # training reviews, the validation part included if it is to be split off
# Up to so many rows and groups scikit-learn chooses; it weighs each group in Python.
MAX_ROWS, MAX_GROUPS = 1_000_000, 20_000
TRAIN, _, TEST, VALID = range(len(SOURCE_SPLITS))


@dataclass(frozen=True)
class Split:
    """Where each review belongs.

    Attributes:
        splits: int8 [n_reviews], place in SPLITS.
        valid: bool [n_reviews], whether a review of train is for validation.
        test: how the test split came about.
    """

    splits: NDArray[np.int8]
    valid: NDArray[np.bool_]
    test: str


def split_reviews(facts: Facts, *, where: str, valid_frac: float, test_frac: float, seed: int) -> Split:
    """Split off what the corpus has no reviews for: test, the official one if it can be restored, and validation.

    Args:
        facts: of the reviews.
        where: names the corpus in an error.
        valid_frac: share of train to split off.
        test_frac: share of the labelled reviews to split off.
        seed: seed of both choices.

    Raises:
        InputError: train has fewer than MIN_TRAIN reviews, or a labelled split lacks a label.
    """
    splits = facts.splits.copy()
    valid = splits == VALID
    splits[valid] = TRAIN
    has_valid = bool(valid.any())
    chosen = "as given"
    if not (splits == TEST).any():
        _check_train(facts.labels, splits, valid, where)
        rows = np.flatnonzero(splits == TRAIN)
        test = official_rows(facts.official[rows])
        chosen = "random" if test is None else "restored"
        if test is None:
            test = _carve(facts, rows, test_frac, seed, where)
        splits[rows[test]] = TEST
        valid[rows[test]] = False
    _check_train(facts.labels, splits, valid, where)
    _check_labels(facts.labels[splits == TEST], f"{where}: test")
    if not has_valid:
        rows = np.flatnonzero(splits == TRAIN)
        valid[rows[_carve(facts, rows, valid_frac, seed, "train")]] = True
    for name, part in (("training", ~valid), ("validation", valid)):
        _check_labels(facts.labels[(splits == TRAIN) & part], f"the {name} part of train")
    return Split(splits, valid, describe_test(facts.official, splits == TEST, chosen))


def _check_train(labels: NDArray[np.int8], splits: NDArray[np.int8], valid: NDArray[np.bool_], where: str) -> None:
    training = labels[(splits == TRAIN) & ~valid]
    if len(training) < MIN_TRAIN:
        raise InputError(f"{where}: {len(training)} training reviews, at least {MIN_TRAIN} are needed; add some")
    _check_labels(training, f"{where}: train")
    if valid.any():
        _check_labels(labels[valid], f"{where}: valid")


def _check_labels(labels: NDArray[np.int8], name: str) -> None:
    missing = [f"{title} reviews (label {y})" for y, title in LABEL_NAMES.items() if not (labels == y).any()]
    if missing:
        raise InputError(f"{name} has no {' and no '.join(missing)}; both labels are needed, add some")


def _carve(facts: Facts, rows: NDArray[np.int64], frac: float, seed: int, where: str) -> NDArray[np.bool_]:
    groups = group_by_movie(facts.movies[rows], facts.movie_order)
    return carve(facts.labels[rows], groups, frac, seed, where=where)


def group_by_movie(movies: NDArray[np.uint64], order: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return a number of each review's movie, int64 [n_rows]; below 0, and its own, for a review without a movie.

    Args:
        movies: digests, 0 for none.
        order: the digests of these movies and others in the order that the numbers get; if empty, that of the digests.
    """
    groups = np.arange(-len(movies), 0)
    known = movies != 0
    ordered = np.sort(order)
    if len(order):
        groups[known] = np.argsort(order)[np.searchsorted(ordered, movies[known])]
    else:
        groups[known] = np.unique(movies[known], return_inverse=True)[1]
    return groups


def carve(
    labels: NDArray[np.int8], groups: NDArray[np.int64], frac: float, seed: int, *, where: str
) -> NDArray[np.bool_]:
    """Choose about `frac` of the rows, bool [n_rows], with the label proportions of the whole.

    Reviews of one movie share its names, so all of them are chosen or none.

    Args:
        labels: int8 [n_rows], 0 or 1.
        groups: of each row, int64 [n_rows], as of `group_by_movie`.
        frac: share to choose.
        seed: seed of the choice.
        where: names the table in an error.

    Raises:
        InputError: a label has fewer movies than that share needs.
    """
    n_folds = max(2, round(1 / frac))
    for label, name in LABEL_NAMES.items():
        n_groups = len(np.unique(groups[labels == label]))
        if n_groups < n_folds:
            count = f"{n_groups} {name} reviews (label {label})"
            if (groups >= 0).any():
                count = f"{name} reviews (label {label}) of {n_groups} movies"
            raise InputError(
                f"{where} has {count}, too few to split off one in {n_folds}; add {name} reviews or raise"
                " fetch.valid_frac and fetch.test_frac in params.yaml"
            )
    _, groups = np.unique(groups, return_inverse=True)
    if len(labels) > MAX_ROWS or groups.max() >= MAX_GROUPS:
        return _sample_systematically(labels, groups, n_folds, seed)
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    wanted = len(labels) / n_folds
    parts = [part for _, part in folds.split(labels, labels, groups)]
    chosen = np.zeros(len(labels), np.bool_)
    # The first that is within a tenth of what is wanted, or else the nearest: the very first has the group of the most
    # uneven labels, which may be far too large.
    chosen[min(parts, key=lambda part: max(abs(len(part) - wanted), wanted / 10))] = True
    return chosen


def _sample_systematically(
    labels: NDArray[np.int8], groups: NDArray[np.int64], n_folds: int, seed: int
) -> NDArray[np.bool_]:
    """Choose one in `n_folds` of the groups, from 0, after sorting them by their labels, equal ones at random."""
    rng = np.random.default_rng(seed)
    n_positive = np.bincount(groups, labels).astype(np.int32)
    n_rows = np.bincount(groups).astype(np.int32)
    order = np.lexsort((rng.random(len(n_rows), np.float32), n_rows, n_positive))
    chosen = np.zeros(len(n_rows), np.bool_)
    chosen[order[rng.integers(n_folds) :: n_folds]] = True
    return chosen[groups]
