"""explain: why a step ran or was skipped in the last run."""

from __future__ import annotations

from mlgitops.model.errors import SpecError
from mlgitops.model.run import STEPS, StepRecord
from mlgitops.ports import StepStore


def explain(store: StepStore, model: str, step: str) -> StepRecord:
    """The step's record in the model's last run.

    Raises:
        SpecError: there was no run, or it did not come to the step.
    """
    record = store.last_run(model)
    if record is None:
        raise SpecError(f"{model!r} has not run here yet", hint=f"mlgitops run {model}")
    found = record.step(step)
    if found is None:
        reached = record.steps[-1].name if record.steps else "none"
        raise SpecError(
            f"the last run of {model!r} did not come to {step!r}; it ended at {reached!r}",
            hint=f"the steps are {' → '.join(STEPS)}",
        )
    return found
