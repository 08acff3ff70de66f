"""Reads commits, and asks git which changed a file and which of some a commit contains."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from mlgitops.adapters.git_repository.program import Git, GitObject
from mlgitops.model.errors import SpecError
from mlgitops.ports import Commit

_COMMITTED = re.compile(r"^committer .*> (?P<epoch>\d+)\b", re.MULTILINE)


def commit(found: GitObject) -> Commit:
    """The commit that git stores as *found*.

    Raises:
        SpecError: it does not say when it was made.
    """
    head, _, message = found.content.decode(errors="replace").partition("\n\n")
    committed = _COMMITTED.search(head)
    if committed is None:
        raise SpecError(f"the commit {found.name} is damaged", hint="git fsck")
    return Commit(found.name, datetime.fromtimestamp(int(committed["epoch"]), UTC), message)


def changing(git: Git, path: str, tip: str) -> list[str]:
    """Commits that *tip* contains and that changed *path*, in the order of `Repository.history`.

    Merges are followed on all sides and left out where only one side changed the
    path, so a pull that makes `main` the second parent is no other history.
    """
    listing = ("rev-list", "--simplify-merges", "--topo-order", "--parents")
    listed = [line.split() for line in git.line(*listing, tip, "--", path).splitlines()]
    parents = {commit: [p for p in before if p != commit] for commit, *before in listed}
    kept = _kept_sides(git, path, parents)
    return _in_order(listed[0][0], parents | kept) if listed else []


def contained(git: Git, commits: Collection[str], of: str) -> frozenset[str]:
    """Those of *commits*, by their full names, that *of* contains or is."""
    asked = sorted(set(commits))
    found = git.objects([f"{name}^{{commit}}" for name in asked])
    known = [name for name, one in zip(asked, found, strict=True) if one and one.name == name]
    if not known:
        return frozenset()
    beyond = git.line("rev-list", "--stdin", stdin="\n".join([*known, f"^{of}"]).encode())
    return frozenset(known) - set(beyond.split())


def _kept_sides(git: Git, path: str, parents: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The parents of each merge, the one whose file it kept last."""
    merges = [commit for commit, before in parents.items() if len(before) > 1]
    asked = list(dict.fromkeys(c for merge in merges for c in (merge, *parents[merge])))
    objects = git.objects([f"{commit}:{path}" for commit in asked])
    files = {commit: one and one.name for commit, one in zip(asked, objects, strict=True)}
    kept = {}
    for merge in merges:
        others = [p for p in parents[merge] if files[p] != files[merge]]
        kept[merge] = [*others, *(p for p in parents[merge] if p not in others)]
    return kept


def _in_order(tip: str, parents: Mapping[str, Sequence[str]]) -> list[str]:
    """*tip* and all before it: each after its parents, these in the order given."""
    done: dict[str, None] = {}
    waiting = [tip]
    while waiting:
        before = [p for p in parents.get(waiting[-1], ()) if p not in done]
        if before:
            waiting.append(before[0])
        else:
            done[waiting.pop()] = None
    return list(done)
