"""split: cut the holdout off, and prove on the written tables that it is apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError
from mlgitops.usecases.columns import model_columns
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.model.evidence import SplitRecord
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ()


def inputs(run: RunContext) -> dict[str, str | None]:
    """The table, the way to cut it, and the columns that training may see."""
    pipeline = run.pipeline
    return {
        "extract table": run.digest("extract", "table"),
        "spec split": spec_digest(run.dataset.split),
        "spec label": spec_digest((pipeline.task, pipeline.label, pipeline.positive)),
        "spec keys": spec_digest((run.dataset.keys, run.dataset.time)),
        "spec columns": spec_digest(model_columns(run)),
    }


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Write `train` (model columns and label) and `holdout` (all columns).

    Raises:
        SpecError: a column is missing, or one side of the cut would be empty.
    """
    # Here, not at the top: numpy is not needed to see that nothing changed.
    from mlgitops.usecases import cutting

    return cutting.cut(run, folder)


def accept(run: RunContext) -> None:
    """Refuse a split that is not one.

    Raises:
        SpecError: something stands on both sides of the cut.
    """
    record: SplitRecord = run.json("split", "split")
    if record["shared_rows"]:
        raise SpecError(
            f"{record['shared_rows']} rows of train and holdout are not apart",
            hint="keys must be unique, and a group or a moment may stand on one side only",
        )
