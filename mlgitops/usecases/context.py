"""What a run knows while it walks: the specs, the neighbours, what is made so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlgitops.model.dataset import Dataset
from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.spec import Environment, Specs, document

if TYPE_CHECKING:
    from mlgitops.ports import (
        Clock,
        DecisionLog,
        ExpressionEngine,
        Job,
        ModelRegistry,
        Progress,
        StepStore,
        StoredStep,
        Tables,
        Worker,
    )


class Neighbours(Protocol):
    """Everything outside that a run talks to; a run with nothing to do needs few of them."""

    @property
    def tables(self) -> Tables:
        """Sources and tables."""

    @property
    def worker(self) -> Worker:
        """Zone Z0."""

    @property
    def store(self) -> StepStore:
        """Outputs and records."""

    @property
    def registry(self) -> ModelRegistry:
        """The models."""

    @property
    def engine(self) -> ExpressionEngine:
        """What evaluates policies."""

    @property
    def progress(self) -> Progress:
        """Who is told what goes on."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def decisions(self) -> DecisionLog:
        """Where decisions are kept."""


class Origin(Protocol):
    """Who and what a run is for, as the evidence's producer says it."""

    @property
    def root(self) -> Path:
        """Top folder of the work tree."""

    @property
    def commit(self) -> str:
        """HEAD, empty before the first commit."""

    @property
    def dirty(self) -> bool:
        """Whether tracked files, or what lies among specs and code, differ from it."""

    @property
    def actor(self) -> str:
        """Who started the run."""

    @property
    def trigger(self) -> str:
        """The event that started it."""

    @property
    def workflow(self) -> str:
        """The workflow that it is part of."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Installed versions that training depends on, by package."""


@dataclass(frozen=True, slots=True)
class SettledOrigin:
    """An origin as it was read before any of the user's code ran."""

    root: Path
    commit: str
    dirty: bool
    actor: str
    trigger: str
    workflow: str
    versions: Mapping[str, str]

    @classmethod
    def of(cls, origin: Origin) -> SettledOrigin:
        """Read all of *origin* now."""
        return cls(
            origin.root,
            origin.commit,
            origin.dirty,
            origin.actor,
            origin.trigger,
            origin.workflow,
            dict(origin.versions),
        )


@dataclass(slots=True)
class RunContext:
    """One walk of one pipeline. *made* grows step by step.

    *printed* is what the jobs of the step that is being made have printed so far.

    The user's code can write wherever the user can, so a job puts all outputs
    in doubt: each is hashed again before its next use.
    """

    specs: Specs
    pipeline: Pipeline
    dataset: Dataset
    origin: Origin
    neighbours: Neighbours
    sample: int
    made: dict[str, StoredStep] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)
    printed: list[bytes] = field(default_factory=list)
    _doubted: set[tuple[str, str]] = field(default_factory=set)

    @property
    def environments(self) -> tuple[Environment, ...]:
        """The chain; the first is the one that a run's exit code speaks for."""
        return self.specs.chain

    def path(self, step: str, output: str) -> Path:
        """Where an output of an earlier step lies.

        Raises:
            SpecError: it was changed since it was made.
        """
        kept = self.made[step].outputs[output]
        if (step, output) in self._doubted:
            if not self.neighbours.store.holds(kept):
                raise SpecError(
                    f"the output {output!r} of the step {step!r} was changed after it was made",
                    hint="code of the pipeline, or another program, wrote below .mlgitops: "
                    "remove what does, then run again; the step is made anew",
                )
            self._doubted.discard((step, output))
        return kept.path

    def digest(self, step: str, output: str) -> str:
        """The digest of an output of an earlier step."""
        return self.made[step].outputs[output].digest

    def json(self, step: str, output: str) -> Any:
        """The document in an output of an earlier step."""
        return json.loads(self.path(step, output).read_bytes())

    def run_job(self, job: Job, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have the worker run *job*; the only way to the user's code.

        The job writes its output in a folder that is its own, from where it is
        moved to the request's `out`.

        Raises:
            SpecError: as `Worker.run`, or the output is no file or folder.
        """
        # Here, not at the top: it is not needed to see that nothing changed.
        from mlgitops.usecases.access import access_to, own_output

        root, tables = self.origin.root, self.neighbours.tables
        sources = [path for each in self.dataset.sources for path in tables.source_paths(each)]
        try:
            with own_output(request) as (asked, output):
                access = access_to(job, asked, root=root, sources=sources, output=output)
                return self.neighbours.worker.run(job, asked, access, self.printed.append)
        finally:
            self._doubted = {(step, name) for step in self.made for name in self.made[step].outputs}

    def keep_log(self, step: str) -> None:
        """Put what the jobs of *step* printed where people open it; a full disk is no failure."""
        from mlgitops.ports import LOG_BYTES
        from mlgitops.reports.harmless import log_text

        content = log_text(b"".join(self.printed), LOG_BYTES)
        self.printed.clear()
        with suppress(Unavailable):
            path = self.neighbours.store.keep_log(self.pipeline.name, step, content)
            if path is not None:
                self.logs[step] = path

    def verify(self) -> None:
        """Hash again every output that is in doubt.

        Raises:
            SpecError: one was changed since it was made.
        """
        for step, output in sorted(self._doubted):
            self.path(step, output)


def spec_digest(block: Any) -> str:
    """Name a part of a spec by what it says, whatever its comments and layout."""
    return digest(document(block))
