"""evaluate: candidate, champions and dummy on the same holdout rows, as evidence.

One document for each environment of the chain, against that environment's
champion; each distinct champion is scored once. A copied or renamed pipeline
has the same candidate, and evidence of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.usecases import champions
from mlgitops.usecases.code import functions_code
from mlgitops.usecases.columns import model_columns
from mlgitops.usecases.context import spec_digest
from mlgitops.usecases.freshness import examination

if TYPE_CHECKING:
    from mlgitops.model.spec import Pin
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 4
JOBS: tuple[Job, ...] = ("predict", "train", "measure")


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
        "spec examination": examination(pipeline, dataset),
        "spec data": spec_digest(
            (dataset.name, dataset.licence, dataset.time, pipeline.label, dataset.after_the_fact)
        ),
        "spec card": spec_digest(pipeline.card),
        "spec columns": spec_digest(model_columns(run)),
        **_named_files(run),
        "sample": str(run.sample),
        # Evidence made with uncommitted changes is made anew once they are committed.
        "uncommitted changes": str(run.origin.dirty),
        **{f"champion {name}": _named(pin) for name, pin in pins.items()},
    }


def _named(pin: Pin | None) -> str:
    if pin is None:
        return "none"
    return f"version {pin.version} {pin.candidate} {pin.manifest} {pin.evidence}"


def _named_files(run: RunContext) -> dict[str, str]:
    """Digests of the code of metric functions, and of the reports of other tools."""
    if not run.pipeline.evaluate.reports:
        return functions_code(run)
    # Here, not at the top: few pipelines name reports.
    from mlgitops.usecases.sections.reports import report_digests

    return functions_code(run) | report_digests(run)


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Score the models, and write evidence and curves for every environment."""
    # Here, not at the top: numpy is not needed to see that nothing changed.
    from mlgitops.usecases import judging

    return judging.judge(run, folder)


def accept(run: RunContext) -> None:
    """Evidence decides nothing by itself; the gate does."""
