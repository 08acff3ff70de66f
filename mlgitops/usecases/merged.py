"""Whether the project's branch has the commit that a candidate was made by.

A candidate of another branch may be released, e.g. to try it in staging, but a
reviewer of the project's branch has then not seen its code.
"""

from __future__ import annotations

from mlgitops.model.evidence import Producer
from mlgitops.ports import Repository
from mlgitops.usecases.holds import tip


def unmerged(producer: Producer, repository: Repository, branch: str) -> str:
    """What *branch* lacks of what made a candidate, in one sentence; empty for nothing.

    Raises:
        SpecError: there is no such branch, or the clone is shallow, so that nobody can tell.
    """
    commit = producer["commit"]
    if repository.contained([commit], tip(repository, branch)):
        return ""
    name = f"commit {commit[:12]}" if commit else "no commit"
    if repository.resolve(commit) != commit:
        return (
            f"Made by {name}, which is not in this clone: whether {branch} has its code is unknown."
        )
    return (
        f"Made by {name} of another branch: merging this releases code that {branch} does "
        "not have, unless a squash or a rebase brought it there."
    )
