"""The local forge: a pull request is a branch with one commit, merging it is approval.

The commit's message is title, blank line, body. Needs no server: people review
with `git show` and approve with `git merge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlgitops.model.errors import PlanIsStale
from mlgitops.model.promotion import parse_header
from mlgitops.ports import Commit, PullRequest, Repository


class LocalForge:
    """Pull requests onto the ref *base*; branches are pushed to *remote* unless it is None."""

    def __init__(self, repository: Repository, base: str, remote: str | None) -> None:
        self._repository = repository
        self._base = base
        self._remote = remote

    def propose(
        self, branch: str, title: str, body: str, changes: Mapping[str, str | None]
    ) -> PullRequest:
        self._refuse_others_work(branch)
        self._repository.write_branch(branch, self._base, changes, f"{title}\n\n{body}")
        if self._remote is not None:
            self._repository.push(self._remote, branch)
        return PullRequest(branch, title, body, parse_header(body) or {}, branch)

    def open_requests(self, prefix: str) -> tuple[PullRequest, ...]:
        return tuple(
            self._request(ref[ref.index(prefix) :], ref)
            for ref in self._repository.branches(prefix)
            if not self._repository.is_merged(self._tip(ref), self._base)
        )

    def close(self, branch: str) -> None:
        self._repository.delete_branch(branch)
        if self._remote is not None:
            self._repository.push(self._remote, branch)

    def _request(self, branch: str, ref: str) -> PullRequest:
        commit, header = self._proposal(ref)
        title, _, body = commit.message.partition("\n\n")
        return PullRequest(branch, title.rstrip("\n"), body, header, ref)

    def _proposal(self, ref: str) -> tuple[Commit, Mapping[str, Any]]:
        """The commit that we made on the branch; people may have added others to it."""
        tip = commit = self._repository.commit(self._tip(ref))
        while True:
            header = parse_header(commit.message.partition("\n\n")[2])
            parent = self._repository.parent(commit.sha)
            if header is not None:
                return commit, header
            if parent is None or self._repository.is_ancestor(parent, self._base):
                return tip, {}
            commit = self._repository.commit(parent)

    def _tip(self, branch: str) -> str:
        """The commit of one of our `branches`; one that went meanwhile is none of any ref."""
        return self._repository.tip(branch) or ""

    def _refuse_others_work(self, branch: str) -> None:
        if branch not in self._repository.branches(branch):
            return
        tip = self._tip(branch)
        message = self._repository.commit(tip).message
        if parse_header(message.partition("\n\n")[2]) is not None:
            return
        if not self._repository.is_merged(tip, self._base):
            raise PlanIsStale(
                f"the branch {branch!r} has commits that mlgitops did not make",
                hint=f"merge it, or drop them with `git branch -D {branch}`, then try again",
            )
