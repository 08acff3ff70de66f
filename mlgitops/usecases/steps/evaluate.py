"""evaluate: candidate, champions and dummy on the same holdout rows, as evidence.

One document for each environment of the chain, against that environment's
champion; each distinct champion is scored once. A copied or renamed pipeline
has the same candidate, and evidence of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.usecases import champions
from mlgitops.usecases.columns import model_columns
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ("predict",)


def inputs(run: RunContext) -> dict[str, str | None]:
    """Everything that the documents state, but for who made them, when and where."""
    pins = champions.released(run)
    pipeline, dataset = run.pipeline, run.dataset
    return {
        "spec model": pipeline.name,
        "spec task": spec_digest((pipeline.task, pipeline.positive)),
        "train model": run.digest("train", "model"),
        "train record": run.digest("train", "train"),
        "split train": run.digest("split", "train"),
        "split holdout": run.digest("split", "holdout"),
        "split record": run.digest("split", "split"),
        "validate validation": run.digest("validate", "validation"),
        "extract table": run.digest("extract", "table"),
        "extract extraction": run.digest("extract", "extraction"),
        "spec evaluate": spec_digest(pipeline.evaluate),
        "spec data": spec_digest((dataset.name, pipeline.label, dataset.after_the_fact)),
        "spec columns": spec_digest(model_columns(run)),
        "sample": str(run.sample),
        # Evidence made with uncommitted changes is made anew once they are committed.
        "uncommitted changes": str(run.origin.dirty),
        **{
            f"champion {name}": f"version {pin.version} {pin.candidate} {pin.manifest}"
            if pin
            else "none"
            for name, pin in pins.items()
        },
    }


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Score the models, and write evidence and curves for every environment."""
    # Here, not at the top: numpy is not needed to see that nothing changed.
    from mlgitops.usecases import judging

    return judging.judge(run, folder)


def accept(run: RunContext) -> None:
    """Evidence decides nothing by itself; the gate does."""
