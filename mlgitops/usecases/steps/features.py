"""features: the user's callable turns the training rows' raw columns into features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.usecases.code import code_of
from mlgitops.usecases.columns import model_columns
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ("features",)


def inputs(run: RunContext) -> dict[str, str | None]:
    """The training rows and the callable with its code."""
    found: dict[str, str | None] = {
        "split train": run.digest("split", "train"),
        "spec features": spec_digest(run.pipeline.features),
        "spec label": run.pipeline.label,
        "spec columns": spec_digest(model_columns(run)),
    }
    if run.pipeline.features.entrypoint:
        found |= code_of(run)
        found |= {f"version {name}": run.origin.versions[name] for name in ("pandas", "pyarrow")}
    return found


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Write the features beside the label."""
    out = folder / "features.parquet"
    run.run_job(
        "features",
        {
            "root": str(run.origin.root),
            "entrypoint": run.pipeline.features.entrypoint,
            "table": str(run.path("split", "train")),
            "columns": list(model_columns(run)),
            "keep": [run.pipeline.label],
            "out": str(out),
        },
    )
    return {"table": out}


def accept(run: RunContext) -> None:
    """Whatever the callable returned may be trained on."""
