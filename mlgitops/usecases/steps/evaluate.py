"""evaluate: candidate, champions and dummy on the same holdout rows, as evidence.

One document for each environment of the chain, against that environment's
champion; each distinct champion is scored once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.usecases import champions
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ("predict",)


def inputs(run: RunContext) -> dict[str, str | None]:
    """The candidate, the rows, what was found about the data, and the champions."""
    pins = champions.released(run)
    return {
        "train model": run.digest("train", "model"),
        "train record": run.digest("train", "train"),
        "split train": run.digest("split", "train"),
        "split holdout": run.digest("split", "holdout"),
        "validate validation": run.digest("validate", "validation"),
        "extract extraction": run.digest("extract", "extraction"),
        "spec evaluate": spec_digest(run.pipeline.evaluate),
        "spec data": spec_digest((run.pipeline.label, run.dataset.after_the_fact)),
        "sample": str(run.sample),
        # Evidence made with uncommitted changes is made anew once they are committed.
        "uncommitted changes": str(run.origin.dirty),
        **{
            f"champion {name}": f"version {pin.version} {pin.manifest}" if pin else "none"
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
