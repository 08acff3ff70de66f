"""Reads what was released from git's history, and which candidates a rollback holds.

A hold is nobody's flag: it follows from the history of the Release file, whether
the rollback was `mlgitops rollback`, `git revert` or a button. All sides of every
merge count, since a pull can leave `main` on either: what was desired and undone
on a branch that was merged later looks just like that, and is held too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError
from mlgitops.model.promotion import release_path
from mlgitops.model.spec import Kind, Pin, Release
from mlgitops.model.state import Target
from mlgitops.ports import Commit, Repository
from mlgitops.spec import shape, yaml_tree
from mlgitops.spec.decode import decode

# A target's state while it has no Release file: nobody manages it.
NO_FILE: Final = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """The Release file as a commit left it; without *text* the commit deleted it."""

    commit: Commit
    text: str | None
    release: Release | None

    @property
    def desired(self) -> Pin | None:
        """What was to be live from this commit on, or None for nothing."""
        return self.release.desired if self.release else None

    @property
    def candidate(self) -> str | None:
        """The short name of `desired`."""
        return short(self.desired.candidate) if self.desired else None

    @property
    def state(self) -> str | None:
        """`candidate`, or `NO_FILE`."""
        return NO_FILE if self.text is None else self.candidate


def revisions(repository: Repository, target: Target, ref: str) -> tuple[Revision, ...]:
    """Every state of the target's Release file up to *ref*, oldest first.

    A state that is no sound Release is left out: it released nothing, and
    reconcile stopped at it.

    Raises:
        SpecError: there is no such ref, or the clone is shallow.
    """
    path = release_path(target.environment, target.model)
    commits = repository.history(path, ref)
    texts = repository.read_at(path, [commit.sha for commit in commits])
    found = []
    for commit, text in zip(commits, texts, strict=True):
        release = None if text is None else _release(text, path, target)
        if text is None or release is not None:
            found.append(Revision(commit, text, release))
    return tuple(found)


def tip(repository: Repository, branch: str) -> str:
    """The commit of the project's *branch*, which is the ref to read its history up to.

    Raises:
        SpecError: there is no such branch.
    """
    commit = repository.tip(branch)
    if commit is None:
        raise SpecError(f"the branch {branch!r} has no commit", hint="git branch --all")
    return commit


def held_candidates(repository: Repository, target: Target, ref: str) -> frozenset[str]:
    """Short names of the candidates that the target's history up to *ref* holds.

    Raises:
        SpecError: there is no such ref, or the clone is shallow.
    """
    return held([revision.state for revision in revisions(repository, target, ref)])


def held(history: Sequence[str | None]) -> frozenset[str]:
    """Those that were desired, then undone, and not desired again since.

    *history* are the desired candidates, oldest first; None where the Release wants
    none, and `NO_FILE` where there is no Release. Undone is replaced by a candidate
    that was desired earlier, or by None where none was desired before it either;
    neither retiring nor deleting the file is undoing.
    """
    states: list[str | None] = [NO_FILE]
    first: dict[str, int] = {}
    held_now: set[str] = set()
    for now in history:
        before = states[-1]
        if now == before:
            continue
        if now:
            first.setdefault(now, len(states))
            held_now.discard(now)
        if before and _is_undone(before, now, first, was_first=not states[-2]):
            held_now.add(before)
        states.append(now)
    return frozenset(held_now)


def _is_undone(before: str, now: str | None, first: Mapping[str, int], *, was_first: bool) -> bool:
    """Whether *now* undoes *before*; *first* is when each was desired first."""
    if now == NO_FILE:
        return False
    return was_first if now is None else first[now] < first[before]


def _release(text: str, path: str, target: Target) -> Release | None:
    try:
        tree = yaml_tree.parse(text, path)
    except SpecError:
        return None
    if shape.kind_of(tree) is not Kind.RELEASE or shape.check(tree):
        return None
    release = decode(Kind.RELEASE, tree.value)
    if not isinstance(release, Release):
        return None
    named = Target(release.environment, release.model)
    return release if named == target else None
