"""extract: the sources of the dataset become one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.usecases.columns import require_named
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ()


def inputs(run: RunContext) -> dict[str, str | None]:
    """A source without a digest (a query) is None: its rows are read every time."""
    dataset = run.dataset
    shape = (dataset.sources, dataset.joins, dataset.keys, dataset.time, dataset.window)
    return {
        "spec sources": spec_digest(shape),
        "sample": str(run.sample),
        **{
            f"source {source.name}": run.neighbours.tables.source_digest(source)
            for source in dataset.sources
        },
    }


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Write the table, and what was read for it."""
    table = folder / "table.parquet"
    extraction = run.neighbours.tables.extract(run.dataset, table, sample=run.sample)
    facts = folder / "extraction.json"
    facts.write_text(json.dumps(extraction))
    return {"table": table, "extraction": facts}


def accept(run: RunContext) -> None:
    """Refuse data without the columns that the pipeline names.

    Raises:
        SpecError: one is missing.
    """
    require_named(run)
