"""What every forge keeps to, and what the local one adds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mlgitops.adapters.git_repository import GitRepository
from mlgitops.adapters.local_forge import LocalForge
from mlgitops.model.errors import PlanIsStale, SpecError
from mlgitops.model.promotion import render_header
from mlgitops.ports import Forge
from tests.fakes.git_workspace import GitWorkspace

PREFIX = "mlgitops/promote/prod/churn/"
BRANCH = PREFIX + "4d1c90aa52e1"
HEADER = {"v": 1, "kind": "promotion", "candidate": "4d1c90aa52e1", "note": "-->"}
BODY = f"{render_header(HEADER)}\n## Ready\n\n# not a comment\n\ntrailing  \n"
TITLE = "promote(churn→prod): v3 replaces v2 · 6 pass"
CHANGES = {"mlops/releases/prod/churn.yaml": "desired: 3\n"}


@dataclass
class Bench:
    """A forge, and the person who merges."""

    forge: Forge
    workspace: GitWorkspace
    repository: GitRepository


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    workspace = GitWorkspace.create(tmp_path / "work")
    repository = GitRepository(workspace.root, workspace.env)
    return Bench(LocalForge(repository, "main", None), workspace, repository)


def test_a_proposal_is_found_again_by_its_branch(bench: Bench) -> None:
    proposed = bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)

    assert bench.forge.open_requests(PREFIX) == (proposed,)
    assert (proposed.branch, proposed.title, proposed.body) == (BRANCH, TITLE, BODY)
    assert proposed.header == HEADER
    assert bench.forge.open_requests("mlgitops/promote/staging/") == ()


def test_proposing_twice_is_one_request_unchanged(bench: Bench) -> None:
    first = bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)
    commit = bench.repository.resolve(BRANCH)
    second = bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)

    assert (second, bench.repository.resolve(BRANCH)) == (first, commit)
    assert bench.forge.open_requests(PREFIX) == (first,)


@pytest.mark.parametrize(
    ("title", "body", "changes"),
    [("other", BODY, CHANGES), (TITLE, BODY + "more\n", CHANGES), (TITLE, BODY, {"a": "b"})],
)
def test_another_proposal_on_the_branch_brings_it_up_to_date(
    bench: Bench, title: str, body: str, changes: dict[str, str]
) -> None:
    bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)
    second = bench.forge.propose(BRANCH, title, body, changes)

    assert bench.forge.open_requests(PREFIX) == (second,)
    assert bench.repository.parent(BRANCH) == bench.repository.resolve("main")


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_what_is_merged_is_not_open(bench: Bench, how: str) -> None:
    bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)
    bench.workspace.merge(BRANCH, how)
    bench.workspace.commit({"other": "x"}, "Main goes on")

    assert bench.forge.open_requests(PREFIX) == ()
    assert bench.repository.read(next(iter(CHANGES)), "main") == "desired: 3\n"


def test_what_is_closed_is_not_open_and_can_be_closed_again(bench: Bench) -> None:
    bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)
    bench.forge.close(BRANCH)
    bench.forge.close(BRANCH)

    assert bench.forge.open_requests(PREFIX) == ()


def test_a_merged_branch_can_be_proposed_again(bench: Bench) -> None:
    bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)
    merged = bench.workspace.merge(BRANCH)
    bench.workspace.revert(merged)
    again = bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)

    assert bench.forge.open_requests(PREFIX) == (again,)


def test_the_commit_is_title_blank_line_body(bench: Bench) -> None:
    bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)

    assert bench.repository.commit(BRANCH).message == f"{TITLE}\n\n{BODY}"
    assert bench.workspace.git("log", "-1", "--format=%s", BRANCH) == TITLE


def test_work_that_somebody_added_to_the_branch_is_not_thrown_away(bench: Bench) -> None:
    proposed = bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)
    bench.workspace.git("switch", "--quiet", BRANCH)
    theirs = bench.workspace.commit({"notes": "by hand"}, "A note")
    bench.workspace.git("switch", "--quiet", "main")

    assert bench.forge.open_requests(PREFIX) == (proposed,)
    with pytest.raises(PlanIsStale, match="did not make"):
        bench.forge.propose(BRANCH, TITLE, "new body", CHANGES)
    assert bench.repository.resolve(BRANCH) == theirs


def test_a_branch_of_somebody_else_is_a_request_without_header(bench: Bench) -> None:
    bench.workspace.git("switch", "--quiet", "--create", PREFIX + "by-hand")
    bench.workspace.commit({"x": "1"}, "By hand")
    bench.workspace.git("switch", "--quiet", "main")
    found = bench.forge.open_requests(PREFIX)

    assert [(one.title, dict(one.header)) for one in found] == [("By hand", {})]


def test_a_tag_named_like_a_request_is_no_part_of_it(bench: Bench) -> None:
    bench.workspace.git("tag", BRANCH)
    proposed = bench.forge.propose(BRANCH, TITLE, BODY, CHANGES)

    assert bench.forge.open_requests(PREFIX) == (proposed,)

    bench.workspace.git("switch", "--quiet", "--detach", f"refs/heads/{BRANCH}")
    theirs = bench.workspace.commit({"notes": "by hand"}, "A note")
    bench.workspace.git("switch", "--quiet", "main")
    bench.workspace.git("update-ref", f"refs/heads/{BRANCH}", theirs)

    with pytest.raises(PlanIsStale, match="did not make"):
        bench.forge.propose(BRANCH, TITLE, "new body", CHANGES)


def test_without_the_base_branch_nothing_is_proposed(bench: Bench) -> None:
    with pytest.raises(SpecError, match="'trunk'"):
        LocalForge(bench.repository, "trunk", None).propose(BRANCH, TITLE, BODY, CHANGES)


def test_a_clone_proposes_the_commit_that_the_remote_has(bench: Bench, tmp_path: Path) -> None:
    """Two machines that promote the same candidate leave one commit."""
    remote = tmp_path / "remote.git"
    bench.workspace.git("clone", "--quiet", "--bare", str(bench.workspace.root), str(remote))
    clones = []
    for name in ("first", "second"):
        bench.workspace.git("clone", "--quiet", str(remote), str(tmp_path / name))
        clones.append(GitWorkspace(tmp_path / name))
    first, second = (GitRepository(clone.root, clone.env) for clone in clones)
    proposed = LocalForge(first, "main", "origin").propose(BRANCH, TITLE, BODY, CHANGES)
    clones[1].git("fetch", "--quiet")
    there = LocalForge(second, "main", "origin")
    found = there.open_requests(PREFIX)

    assert [(one.branch, one.reference) for one in found] == [(BRANCH, f"origin/{BRANCH}")]

    there.propose(BRANCH, TITLE, BODY, CHANGES)
    server = GitRepository(remote, bench.workspace.env)

    assert second.resolve(BRANCH) == first.resolve(BRANCH) == server.resolve(BRANCH)
    assert there.open_requests(PREFIX) == (proposed,)

    there.close(BRANCH)

    assert server.resolve(BRANCH) is None
    assert there.open_requests(PREFIX) == ()
