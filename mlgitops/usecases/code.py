"""The user's code as an input: every Python file that the entry points live in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlgitops.usecases.context import RunContext


def code_of(run: RunContext) -> dict[str, str]:
    """Digests of the code's files by `code <path>`."""
    digests = run.neighbours.store.code_digests(run.pipeline.train.code)
    return {f"code {path}": digest for path, digest in digests.items()}
