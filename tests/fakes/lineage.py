"""A history without branches, in place of git."""

from __future__ import annotations

from collections.abc import Collection

from mlgitops.ports import ModelRegistry
from mlgitops.usecases.plan import ReleaseNeighbours
from tests.fakes.releases import LATER, STAMP


class Line:
    """Commits one after the other, oldest first; `asked` is what was asked for, in order."""

    def __init__(self, *commits: str) -> None:
        self.commits = commits
        self.asked: list[frozenset[str]] = []

    def contained(self, commits: Collection[str], of: str) -> frozenset[str]:
        self.asked.append(frozenset(commits))
        past = self.commits[: self.commits.index(of) + 1]
        return frozenset(commits).intersection(past)


def beside(registry: ModelRegistry, *commits: str) -> ReleaseNeighbours:
    """*registry* beside a history of *commits*; without any, of those of the two stamps."""
    return ReleaseNeighbours(registry, Line(*(commits or (STAMP.commit, LATER.commit))))
