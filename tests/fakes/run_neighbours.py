"""Stand-ins for what a run talks to: they count and keep quiet, and decide nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mlgitops.model.errors import SpecError
from mlgitops.ports import Job, Worker


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
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.steps.append(name)
        yield

    def note(self, text: str) -> None:
        self.notes.append(text)


class CountingWorker:
    """Passes jobs on to *behind*, if there is one, and keeps a list of them.

    *warmed* are the jobs that were announced; an untouched worker has two empty lists.
    """

    def __init__(self, behind: Worker | None = None) -> None:
        self._behind = behind
        self.warmed: list[Job] = []
        self.jobs: list[Job] = []

    @property
    def is_untouched(self) -> bool:
        return not self.warmed and not self.jobs

    @property
    def sandbox(self) -> str:
        return self._behind.sandbox if self._behind else "process"

    def warm(self, jobs: Sequence[Job]) -> None:
        self.warmed += jobs
        if self._behind:
            self._behind.warm(jobs)

    def run(self, job: Job, request: Mapping[str, Any]) -> dict[str, Any]:
        self.jobs.append(job)
        if self._behind is None:
            raise SpecError(f"nobody does the job {job!r} here")
        return self._behind.run(job, request)

    def close(self) -> None:
        """Whoever made *behind* closes it."""
