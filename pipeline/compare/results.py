"""The results of a revision: its predictions, parameters and machine, checked, and aligned with another's."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.compare.lock import doubts
from pipeline.compare.revisions import Revision
from pipeline.core.errors import InputError
from pipeline.core.files import parse_json
from pipeline.core.params import flatten
from pipeline.core.yaml import parse_yaml
from pipeline.ensemble.predictions import load_predictions

# The files that are compared, by their paths in the project.
PREDICTIONS = Path("predictions/test.json")  # older revisions have a .parquet file of the same name
PARAMS, LOCK, PROVENANCE = Path("params.yaml"), Path("dvc.lock"), Path("metrics/provenance.json")


@dataclass(frozen=True)
class RevisionResults:
    """The results of a revision; parameters and machine by dotted name."""

    revision: Revision
    table: pa.Table  # of predictions
    digest: str  # of the file of predictions
    params: Mapping[str, Any]
    machine: Mapping[str, Any]  # what the last bits of a result depend on; empty in older revisions
    notes: tuple[str, ...]  # why the predictions may not belong to the parameters

    @property
    def name(self) -> str:
        """The name that the user gave."""
        return self.revision.name


def read_results(revision: Revision) -> RevisionResults:
    """Read the results of a revision.

    Raises:
        InputError: it has no predictions or no parameters, or they are broken.
    """
    where = "the workspace" if revision.commit is None else revision.name
    path, content = PREDICTIONS, revision.read(PREDICTIONS)
    if content is None:
        path = PREDICTIONS.with_suffix(".parquet")
        content = revision.read(path)
    if content is None:
        remedy = "`dvc repro evaluate` makes it" if revision.commit is None else "choose a revision that has run"
        raise InputError(f"{where} has no predictions: {PREDICTIONS} is missing; {remedy}")
    text = revision.read(PARAMS)
    if text is None:
        raise InputError(f"{where} has no {PARAMS}; name a revision of this project")
    remedy = "correct it" if revision.commit is None else "choose another revision"
    values = parse_yaml(text, f"{PARAMS} of {where}", remedy)
    if not isinstance(values, Mapping):
        raise InputError(f"{PARAMS} of {where} has no parameters; {remedy}")
    params = {key: _for_json(value) for key, value in flatten(values)}
    table = load_predictions(content, f"{path} of {where}")
    notes = [
        f"the predictions of {where} may not belong to its {PARAMS}: {doubt}"
        for doubt in doubts(revision.read(LOCK), params, content, path.as_posix())
    ]
    machine = _machine(revision.read(PROVENANCE))
    return RevisionResults(revision, table, hashlib.md5(content).hexdigest(), params, machine, tuple(notes))


def _for_json(value: Any) -> Any:
    """Return a value; as a text if it is a list with mappings whose keys are dates or lists, which only YAML allows."""
    try:
        json.dumps(value, default=str)
    except TypeError:
        return str(value)
    return value


def _machine(provenance: bytes | None) -> dict[str, Any]:
    try:
        value = parse_json(provenance or b"{}", "the file", "mend it")
        return dict(flatten(value["machine"]))
    except (InputError, TypeError, KeyError, AttributeError):
        return {}  # only a note depends on it


def align(a: RevisionResults, b: RevisionResults) -> pa.Table:
    """Return the table of B in the order of A's reviews.

    Raises:
        InputError: they contain different reviews, or a review has another label.
    """
    n_a, n_b = len(a.table), len(b.table)
    place = pc.index_in(a.table["id"], value_set=b.table["id"])
    n_common = n_a - place.null_count
    if n_common < max(n_a, n_b):
        kind = (
            "their test sets differ"
            if n_common < min(n_a, n_b)
            else f"{b.name if n_b < n_a else a.name} has only part of them"
        )
        raise InputError(
            f"{a.name} has predictions for {n_a:,} reviews, {b.name} for {n_b:,}, and {n_common:,} are in both: {kind};"
            " compare revisions that were evaluated on the same data/test.parquet"
        )
    table = b.table.take(place)
    other = np.flatnonzero(table["label"].to_numpy() != a.table["label"].to_numpy())
    if len(other):
        raise InputError(
            f"{len(other):,} of the {n_a:,} reviews have another label in {b.name} than in {a.name}, the first is"
            f" {a.table['id'][int(other[0])].as_py()}: their test sets differ and cannot be compared"
        )
    return table
