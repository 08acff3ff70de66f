"""Stand-ins for what a run talks to: they count and keep quiet, and decide nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlgitops.model.errors import SpecError
from mlgitops.ports import (
    Access,
    Clock,
    DecisionLog,
    ExpressionEngine,
    Hear,
    Job,
    ModelRegistry,
    Progress,
    StepStore,
    Tables,
    Worker,
)


@dataclass(frozen=True)
class FixedNeighbours:
    """Neighbours that are there before anybody asks."""

    tables: Tables
    worker: Worker
    store: StepStore
    registry: ModelRegistry
    engine: ExpressionEngine
    progress: Progress
    clock: Clock
    decisions: DecisionLog


@dataclass(frozen=True)
class FixedOrigin:
    """The same commit, person and packages every time."""

    root: Path
    commit: str
    dirty: bool
    actor: str
    trigger: str
    workflow: str
    versions: Mapping[str, str]


@dataclass
class FixedClock:
    """Stands still until somebody sets *moment*."""

    moment: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@dataclass
class QuietProgress:
    """Remembers what it was told."""

    steps: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.steps.append(name)
        yield


class CountingWorker:
    """Passes jobs on to *behind*, if there is one, and keeps a list of them.

    *warmed* are the jobs that were announced; an untouched worker has two empty lists.
    """

    def __init__(self, behind: Worker | None = None) -> None:
        self.behind = behind
        self.warmed: list[Job] = []
        self.jobs: list[Job] = []

    @property
    def is_untouched(self) -> bool:
        return not self.warmed and not self.jobs

    @property
    def sandbox(self) -> str:
        return self.behind.sandbox if self.behind else "process"

    def warm(self, jobs: Sequence[Job]) -> None:
        self.warmed += jobs
        if self.behind:
            self.behind.warm(jobs)

    def run(
        self, job: Job, request: Mapping[str, Any], access: Access, hear: Hear | None = None
    ) -> dict[str, Any]:
        self.jobs.append(job)
        if self.behind is None:
            raise SpecError(f"nobody does the job {job!r} here")
        return self.behind.run(job, request, access, hear)

    def close(self) -> None:
        """Whoever made *behind* closes it."""


class ScriptedWorker:
    """Answers each job with what its function says of the request."""

    sandbox = "process"

    def __init__(self, **answers: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        self._answers = answers

    def warm(self, jobs: Sequence[Job]) -> None:
        """Nothing to start."""

    def run(
        self, job: Job, request: Mapping[str, Any], access: Access, hear: Hear | None = None
    ) -> dict[str, Any]:
        del access, hear
        return self._answers[job](request)

    def close(self) -> None:
        """Nothing to end."""
