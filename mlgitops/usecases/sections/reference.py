"""reference and drift: how the training rows are distributed, and since the champion's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.evaluation.drift import distribution, stability_index
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.examinations import Drift, ReferenceColumn
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.columns import model_columns

if TYPE_CHECKING:
    from mlgitops.model.evidence import Evidence
    from mlgitops.model.spec import Pin
    from mlgitops.usecases.context import RunContext

MOST_COLUMNS = 200


def reference(run: RunContext) -> list[ReferenceColumn]:
    """The distribution of each column that the model may see, in the training rows.

    Of more than 200 columns the first.
    """
    train, tables = run.path("split", "train"), run.neighbours.tables
    columns = tables.read(train, list(model_columns(run))[:MOST_COLUMNS])
    return [distribution(name, values) for name, values in columns.items()]


def drift(run: RunContext, pin: Pin) -> list[Drift] | None:
    """The training rows against those of the released *pin*, strongest first.

    None where its evidence is not in git, or is not what was released.
    """
    released = _evidence(run, pin)
    if released is None:
        return None
    before = {one["column"]: one for one in released["reference"]}
    shared = [name for name in model_columns(run) if name in before]
    rows = released["data"]["split"]["train"]["rows"]
    found = []
    for name, values in run.neighbours.tables.read(run.path("split", "train"), shared).items():
        try:
            found.append(Drift(column=name, psi=stability_index(before[name], rows, values)))
        except Undefined:
            continue
    return sorted(found, key=lambda one: (-one["psi"], one["column"]))


def _evidence(run: RunContext, pin: Pin) -> Evidence | None:
    path = evidence_file.path(pin.evidence, pin.candidate, run.pipeline.name)
    content = run.specs.evidence(path)
    if content is None or digest_of_bytes(content) != pin.evidence:
        return None
    try:
        return evidence_file.decode(content)
    except SpecError:
        return None
