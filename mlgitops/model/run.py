"""What a run did, step by step, and why; what `explain` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

STEPS = ("extract", "validate", "split", "features", "train", "evaluate", "gate", "register")

Status = Literal["ran", "cached", "failed"]
Because = Literal[
    "first", "input-changed", "forced", "not-stored", "never-cached", "unchanged", "no-inputs"
]


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input that differs from the last run's; None means that it was not there."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of one run. *inputs* and *outputs* are digests by name.

    *seconds* is what the step's work took when it last ran, so a cached step
    keeps the time of the run that made its outputs.
    """

    name: str
    status: Status
    because: Because
    changes: tuple[InputChange, ...]
    key: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    seconds: float


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One walk of a pipeline; *steps* in the order of `STEPS`, as far as it came.

    *known* are the inputs with which each step last had its outputs, over all runs.
    """

    model: str
    started: str
    commit: str
    sample: int
    steps: tuple[StepRecord, ...]
    known: Mapping[str, Mapping[str, str]]

    def step(self, name: str) -> StepRecord | None:
        """The record of *name*, or None when the run did not come to it."""
        return next((step for step in self.steps if step.name == name), None)

    def with_step(self, step: StepRecord) -> RunRecord:
        """This record with one more step at the end."""
        known = self.known
        if step.status != "failed":
            known = {**known, step.name: step.inputs}
        return replace(self, steps=(*self.steps, step), known=known)

    def document(self) -> dict[str, Any]:
        """The record as JSON."""
        return asdict(self)

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> RunRecord:
        """The record that `document` gave.

        Raises:
            KeyError, TypeError: the document is not such a record.
        """
        steps = tuple(
            StepRecord(
                **{
                    **step,
                    "changes": tuple(InputChange(**change) for change in step["changes"]),
                }
            )
            for step in document["steps"]
        )
        return cls(**{**document, "steps": steps})


def changed_inputs(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[InputChange, ...]:
    """The inputs that differ, by name."""
    names = sorted({*before, *after})
    return tuple(
        InputChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )
