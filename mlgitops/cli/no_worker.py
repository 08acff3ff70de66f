"""The worker of a job that holds credentials: it runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.ports import Access, Hear, Job


class NoWorker:
    """Refuses every job."""

    sandbox = "none"

    def warm(self, jobs: Sequence[Job]) -> None:
        """Nothing to start."""

    def run(
        self, job: Job, request: Mapping[str, Any], access: Access, hear: Hear | None = None
    ) -> dict[str, Any]:
        """Refuse.

        Raises:
            SpecError: always.
        """
        del request, access, hear
        raise SpecError(
            f"the job {job!r} would run the user's code, and --no-worker forbids it",
            hint="run the earlier steps where no credentials are, and hand .mlgitops over",
        )

    def close(self) -> None:
        """Nothing to end."""
