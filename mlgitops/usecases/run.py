"""run: walk a pipeline's steps, doing only what its inputs call for.

A step's key is the digest of its inputs and of its own version. What is stored
under the key is used again; whatever was made before a failure stays, so that
the next run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mlgitops.model.digest import digest
from mlgitops.model.errors import MlgitopsError, SpecError
from mlgitops.model.run import (
    STEPS,
    Because,
    InputChange,
    RunRecord,
    StepRecord,
    changed_inputs,
)
from mlgitops.usecases.context import Neighbours, Origin, RunContext, SettledOrigin

if TYPE_CHECKING:
    from mlgitops.model.pipeline import Pipeline
    from mlgitops.model.spec import Specs
    from mlgitops.ports import Job, StoredStep


class Step(Protocol):
    """What a module in `usecases.steps` offers."""

    @property
    def VERSION(self) -> int:  # noqa: N802 - a module's constant
        """Raised whenever the step's own code would make other outputs."""

    @property
    def JOBS(self) -> tuple[Job, ...]:  # noqa: N802 - a module's constant
        """The worker's jobs that the step runs."""

    def inputs(self, run: RunContext, /) -> dict[str, str | None]:
        """Digests by name of all that the outputs follow from; None is never cached."""

    def make(self, run: RunContext, folder: Path, /) -> dict[str, Path]:
        """Make the outputs in *folder*; files or folders by name."""

    def accept(self, run: RunContext, /) -> None:
        """Raise when the run must not go on from these outputs."""


@runtime_checkable
class OutsideStep(Protocol):
    """A `Step` whose result also lies outside the store, where it can be lost."""

    def is_gone(self, run: RunContext, stored: StoredStep, /) -> bool:
        """Whether what *stored* tells of is no longer there, as far as can be told quickly."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked: the steps from *first* on are made anew, *last* ends the run.

    *sample* keeps that many rows; 0 keeps all.
    """

    model: str
    first: str | None = None
    last: str = STEPS[-1]
    sample: int = 0


Load = Callable[[str], Step]
_LONGEST_FAILURE = 4_000


@dataclass(frozen=True, slots=True)
class Result:
    """How far a run came; *error* is what ended it early, to be raised once shown."""

    record: RunRecord
    context: RunContext
    error: MlgitopsError | None


def run(order: Order, specs: Specs, origin: Origin, neighbours: Neighbours, load: Load) -> Result:
    """Walk the steps of a model; *load* gives the module of a step by its name.

    The result's error is a `SpecError` (specs, data or the user's code are
    wrong), `GateFailed`, `Inconclusive`, or that a neighbour did not answer.

    Raises:
        SpecError: there is no such model, or the order makes no sense.
    """
    context = _context(order, specs, origin, neighbours)
    names = _names(order)
    if "evaluate" in names:
        _require_grounds(specs, origin)
    forced = names[names.index(order.first) :] if order.first else ()
    last = neighbours.store.last_run(order.model)
    started = neighbours.clock.now().isoformat()
    known = last.known if last else {}
    record = RunRecord(order.model, started, origin.commit, order.sample, (), known)
    walk = _Walk(context, load, known, names)
    error: MlgitopsError | None = None
    for name in names:
        walked = walk.step(name, is_forced=name in forced)
        error = walked.error or _refusal(load(name), context)
        made = walked.record.failed(_told(error)) if error else walked.record
        record = record.with_step(made)
        if error:
            break
    neighbours.store.record_run(record)
    return Result(record, context, error)


def _refusal(step: Step, context: RunContext) -> MlgitopsError | None:
    """Why the run must not go on from what a step made, if so."""
    try:
        step.accept(context)
    except MlgitopsError as error:
        return error
    return None


def _told(error: MlgitopsError) -> str:
    """What `explain` says of *error*: the message, and the beginning of its details."""
    details = error.details if isinstance(error, SpecError) else None
    return f"{error.message}\n{details}"[:_LONGEST_FAILURE] if details else error.message


@dataclass(frozen=True, slots=True)
class _Walked:
    record: StepRecord
    error: MlgitopsError | None = None


@dataclass(slots=True)
class _Walk:
    """One walk; *known* are the inputs that each step last had outputs for."""

    context: RunContext
    load: Load
    known: Mapping[str, Mapping[str, str]]
    names: Sequence[str]
    is_warm: bool = False

    def step(self, name: str, *, is_forced: bool) -> _Walked:
        """Have the step's outputs, from the store if they are there."""
        store, step = self.context.neighbours.store, self.load(name)
        try:
            found = step.inputs(self.context)
        except MlgitopsError as error:
            return _Walked(StepRecord(name, "ran", "no-inputs", (), "", {}, {}, 0.0), error)
        inputs = {key: value for key, value in found.items() if value is not None}
        key = digest({"step": name, "version": step.VERSION, "inputs": found})
        is_cached = len(inputs) == len(found)
        stored = store.find(key) if is_cached and not is_forced else None
        if stored and isinstance(step, OutsideStep) and step.is_gone(self.context, stored):
            stored = None
        before = self.known.get(name)
        changes = changed_inputs(before, inputs) if before is not None else ()
        because = _because(before, changes, is_forced=is_forced, is_cached=is_cached)
        draft = StepRecord(name, "ran", because, changes, key, inputs, {}, 0.0)
        try:
            made = stored or self._make(step, name, key)
        except MlgitopsError as error:
            return _Walked(draft, error)
        if stored:
            draft = replace(draft, status="cached", because="unchanged")
        self.context.made[name] = made
        self.context.durations[name] = made.seconds
        outputs = {output: kept.digest for output, kept in made.outputs.items()}
        return _Walked(replace(draft, outputs=outputs, seconds=made.seconds))

    def _make(self, step: Step, name: str, key: str) -> StoredStep:
        neighbours = self.context.neighbours
        with neighbours.progress.step(name), neighbours.store.workspace() as folder:
            self._warm(name)
            started = time.perf_counter()
            try:
                outputs = step.make(self.context, folder)
            finally:
                if step.JOBS:
                    self.context.keep_log(name)
            self.context.verify()
            return neighbours.store.save(key, outputs, time.perf_counter() - started)

    def _warm(self, name: str) -> None:
        """The first step that has to work lets the later ones' workers start.

        The origin is read until then: a job could change what git says, and whom git runs.
        """
        if self.is_warm:
            return
        self.is_warm = True
        if "evaluate" in self.names:
            self.context.origin = SettledOrigin.of(self.context.origin)
        ahead = self.names[self.names.index(name) :]
        jobs = dict.fromkeys(job for later in ahead for job in self.load(later).JOBS)
        if jobs:
            self.context.neighbours.worker.warm(list(jobs))


def _because(
    before: Mapping[str, str] | None,
    changes: Sequence[InputChange],
    *,
    is_forced: bool,
    is_cached: bool,
) -> Because:
    if is_forced:
        return "forced"
    if not is_cached:
        return "never-cached"
    if before is None:
        return "first"
    return "input-changed" if changes else "not-stored"


def _context(order: Order, specs: Specs, origin: Origin, neighbours: Neighbours) -> RunContext:
    pipeline = find_pipeline(specs, order.model)
    dataset = specs.datasets[pipeline.dataset]
    return RunContext(specs, pipeline, dataset, origin, neighbours, order.sample)


def find_pipeline(specs: Specs, model: str) -> Pipeline:
    """The pipeline of *model*.

    Raises:
        SpecError: there is none.
    """
    if model in specs.pipelines:
        return specs.pipelines[model]
    from difflib import get_close_matches

    near = get_close_matches(model, specs.pipelines, n=1)
    raise SpecError(
        f"there is no pipeline {model!r}",
        hint=f"did you mean {near[0]!r}?"
        if near
        else f"pipelines: {', '.join(sorted(specs.pipelines)) or 'none in mlops/pipelines'}",
    )


def _require_grounds(specs: Specs, origin: Origin) -> None:
    """Refuse to judge a candidate for nobody, or one that nobody could trace.

    Raises:
        SpecError: there is no environment or no commit.
    """
    if not specs.environments:
        raise SpecError(
            "there is no environment that a candidate could be judged for",
            hint="add mlops/environments/<name>.yaml, or stop earlier: --until train",
        )
    if not origin.commit:
        raise SpecError(
            "there is no commit yet, so nobody could tell what a candidate was made from",
            hint="commit your specs and code, or stop earlier: --until train",
        )


def _names(order: Order) -> tuple[str, ...]:
    """The steps to walk.

    Raises:
        SpecError: the order makes no sense.
    """
    if order.sample < 0:
        raise SpecError(f"--sample {order.sample}: there is no such number of rows")
    # A model of a sample is never registered, so that it can never be released.
    last = "gate" if order.sample and order.last == "register" else order.last
    names = STEPS[: STEPS.index(last) + 1]
    if order.first and order.first not in names:
        raise SpecError(
            f"--from {order.first} comes after {last}, where this run ends",
            hint="a model of a sample is never registered"
            if last != order.last
            else f"the steps are {' → '.join(STEPS)}",
        )
    return names
