"""One side of a comparison: the predictions and parameters of a revision, checked, and brought into one order."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.compare.lock import doubts
from pipeline.compare.revisions import Revision
from pipeline.core.errors import InputError
from pipeline.core.params import flatten
from pipeline.evaluate.predictions import load_predictions


@dataclass(frozen=True)
class Files:
    """Where in the project the compared files lie."""

    predictions: Path
    params: Path
    lock: Path


@dataclass(frozen=True)
class RevisionResults:
    """What a revision says: its table of predictions and its parameters by dotted name."""

    revision: Revision
    table: pa.Table
    digest: str  # of the file of predictions
    params: Mapping[str, Any]
    notes: tuple[str, ...]  # why the predictions may not be of the parameters

    @property
    def name(self) -> str:
        """What the revision was called."""
        return self.revision.name


def read_results(revision: Revision, files: Files) -> RevisionResults:
    """Read what is compared of a revision.

    Raises:
        InputError: it has no predictions or no parameters, or they are broken.
    """
    where = "the workspace" if revision.commit is None else revision.name
    content = revision.read(files.predictions)
    if content is None:
        remedy = "`dvc repro evaluate` makes them" if revision.commit is None else "compare with one that has run"
        raise InputError(f"{where} has no predictions, {files.predictions} is not in it; {remedy}")
    text = revision.read(files.params)
    if text is None:
        raise InputError(f"{where} has no {files.params}; name a revision of this project")
    try:
        params = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{files.params} of {where} is not readable YAML: {' '.join(str(error).split())}") from None
    if not isinstance(params, Mapping):
        raise InputError(f"{files.params} of {where} holds no parameters")
    table = load_predictions(content, f"{files.predictions} of {where}")
    lock = revision.read(files.lock)
    notes = [
        f"the predictions of {where} may not belong to its {files.params}: {doubt}"
        for doubt in doubts(lock, params, content, files.predictions.as_posix())
    ]
    return RevisionResults(revision, table, hashlib.md5(content).hexdigest(), dict(flatten(params)), tuple(notes))


def align(a: RevisionResults, b: RevisionResults) -> pa.Table:
    """Return the table of B in the order of A's reviews.

    Raises:
        InputError: they are not of the same reviews, or a review has another label.
    """
    n_a, n_b = len(a.table), len(b.table)
    place = pc.index_in(a.table["id"], value_set=b.table["id"])
    n_common = n_a - place.null_count
    if n_common < max(n_a, n_b):
        kind = (
            "they are of different test sets"
            if n_common < min(n_a, n_b)
            else f"{b.name if n_b < n_a else a.name} has only part of them"
        )
        raise InputError(
            f"{a.name} has predictions for {n_a:,} reviews, {b.name} for {n_b:,}, {n_common:,} of them the same:"
            f" {kind}; compare revisions that were evaluated on the same data/test.parquet"
        )
    table = b.table.take(place)
    other = np.flatnonzero(table["label"].to_numpy() != a.table["label"].to_numpy())
    if len(other):
        raise InputError(
            f"{len(other):,} of the {n_a:,} reviews have another label in {b.name} than in {a.name}, the first is"
            f" {a.table['id'][int(other[0])].as_py()}: they are of different test sets and cannot be compared"
        )
    return table
