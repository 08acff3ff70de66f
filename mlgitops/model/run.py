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
    keeps the time of the run that made its outputs. *failure* is why the run ended
    here: the step made nothing, or what it made (or had stored) was refused.
    """

    name: str
    status: Status
    because: Because
    changes: tuple[InputChange, ...]
    key: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    seconds: float
    failure: str | None = None

    @property
    def is_new(self) -> bool:
        """Whether its outputs were made by this run."""
        return bool(self.outputs) and self.because != "unchanged"

    def failed(self, failure: str) -> StepRecord:
        """This step as the one that ended the run, for the reason given."""
        return replace(self, status="failed", failure=failure)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the gates of one environment say of a run's candidate.

    *report* and *evidence* are paths: of the page, and of what `gate --evidence` takes.
    *is_held*: a rollback keeps the candidate from the environment, whatever they say.
    """

    environment: str
    verdict: str
    report: str
    evidence: str
    is_held: bool


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
        if step.status != "failed" or step.outputs:
            known = {**known, step.name: step.inputs}
        return replace(self, steps=(*self.steps, step), known=known)

    def document(self) -> dict[str, Any]:
        """The record as JSON."""
        return asdict(self)

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> RunRecord:
        """The record that `document` gave.

        Raises:
            AttributeError, KeyError, TypeError: the document is not such a record.
        """
        steps = tuple(
            StepRecord(
                **{
                    **step,
                    "changes": tuple(InputChange(**change) for change in step["changes"]),
                    "inputs": _texts(step["inputs"]),
                    "outputs": _texts(step["outputs"]),
                }
            )
            for step in document["steps"]
        )
        known = {name: _texts(inputs) for name, inputs in document["known"].items()}
        return cls(**{**document, "steps": steps, "known": known})


def _texts(found: Any) -> dict[str, str]:
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return found
    raise TypeError(f"{found!r} does not map names to text")


def changed_inputs(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[InputChange, ...]:
    """The inputs that differ, by name."""
    names = sorted({*before, *after})
    return tuple(
        InputChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )
