"""reference and drift: how the training rows are distributed, and since the champion's."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from mlgitops.evaluation.drift import distribution, stability_index
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.examinations import Drift, ReferenceColumn
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.columns import model_columns

if TYPE_CHECKING:
    from mlgitops.evaluation.arrays import Column
    from mlgitops.model.evidence import Evidence
    from mlgitops.model.spec import Pin
    from mlgitops.usecases.context import RunContext

MOST_COLUMNS = 200


def reference(run: RunContext) -> list[ReferenceColumn]:
    """The distribution of each column that the model may see, in the training rows.

    Of more than 200 columns the first.
    """
    columns = _training_columns(run, model_columns(run)[:MOST_COLUMNS])
    return [distribution(name, values) for name, values in columns.items()]


def drift(run: RunContext, pin: Pin) -> list[Drift] | None:
    """The training rows against those of the released *pin*, strongest first.

    Before all others the columns whose kind of values changed, without an index. None
    where the evidence of *pin* is not in git, or is not what was released.
    """
    released = _evidence(run, pin)
    if released is None:
        return None
    before = {one["column"]: one for one in released["reference"]}
    shared = [name for name in model_columns(run) if name in before]
    rows = released["data"]["split"]["train"]["rows"]
    found = []
    for name, values in _training_columns(run, shared).items():
        record = Drift(column=name)
        # Listed all the same: left out, it would be the one column that no rule ever sees.
        with suppress(Undefined):
            record["psi"] = stability_index(before[name], rows, values)
        found.append(record)
    return sorted(found, key=lambda one: (-one.get("psi", np.inf), one["column"]))


def _training_columns(run: RunContext, names: Sequence[str]) -> dict[str, Column]:
    """Columns of the training rows by name; booleans stay such where some are null."""
    train, tables = run.path("split", "train"), run.neighbours.tables
    types = {column["name"]: column["type"] for column in tables.schema(train)}
    columns = tables.read(train, list(names))
    return {
        name: _booleans(values) if types[name] == "bool" else values
        for name, values in columns.items()
    }


def _booleans(values: Column) -> Column:
    if values.dtype.kind == "b":
        return values
    found = np.full(values.size, None, dtype=object)
    there = ~np.isnan(values)
    found[there] = values[there] == 1
    return found


def _evidence(run: RunContext, pin: Pin) -> Evidence | None:
    path = evidence_file.path(pin.evidence, pin.candidate, run.pipeline.name)
    content = run.specs.evidence(path)
    if content is None or digest_of_bytes(content) != pin.evidence:
        return None
    try:
        return evidence_file.decode(content)
    except SpecError:
        return None
