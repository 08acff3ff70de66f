"""register: a candidate that passed becomes a version; no alias moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.usecases.steps import gate

if TYPE_CHECKING:
    from mlgitops.ports import Job, StoredStep
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ()


def inputs(run: RunContext) -> dict[str, str | None]:
    """The model and its name, evidence and decisions, and the registry that they go to."""
    names = [environment.name for environment in run.environments]
    return {
        "spec model": run.pipeline.name,
        "train model": run.digest("train", "model"),
        "registry": run.neighbours.registry.place,
        **{f"evidence {name}": run.digest("evaluate", f"evidence-{name}") for name in names},
        **{f"decision {name}": run.digest("gate", f"decision-{name}") for name in names},
    }


def is_gone(run: RunContext, stored: StoredStep) -> bool:
    """Whether the registry has lost the version that *stored* names."""
    number = int(json.loads(stored.outputs["version"].path.read_bytes())["version"])
    return run.neighbours.registry.lacks(run.pipeline.name, number)


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Register the candidate, and keep the version's number."""
    # Here, not at the top: none of it is needed to see that nothing changed.
    from mlgitops.usecases.register import Judged
    from mlgitops.usecases.register import register as make_version

    names = [environment.name for environment in run.environments]
    judged = Judged(
        evidence={name: gate.read_evidence(run, name) for name in names},
        decisions={name: gate.read_decision(run, name) for name in names},
        reports={name: run.path("gate", f"report-{name}").read_bytes() for name in names},
        parameters=run.pipeline.train.params,
        durations=run.durations,
    )
    made = make_version(run.neighbours.registry, judged, run.path("train", "model"))
    registered = folder / "version.json"
    registered.write_text(json.dumps({"version": made.version}))
    return {"version": registered}


def accept(run: RunContext) -> None:
    """A version is only a name: nothing is released by it."""


def version(run: RunContext) -> int:
    """The number of this run's version."""
    return int(run.json("register", "version")["version"])
