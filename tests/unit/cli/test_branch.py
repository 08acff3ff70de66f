from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.cli import branch
from mlgitops.cli.app import main
from tests.fakes.git_workspace import GitWorkspace

PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: orders}\n"


def test_the_work_tree_names_the_branch(tmp_path: Path) -> None:
    (tmp_path / "mlgitops.yaml").write_text(f"{PROJECT}spec: {{branch: trunk}}\n")

    assert branch.named_in(tmp_path) == "trunk"


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff",
        b"[",
        PROJECT.encode(),
        b"spec: none\n",
        b"spec: {branch: [a]}\n",
        b"spec: {branch: ''}\n",
    ],
)
def test_it_is_main_where_nothing_can_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "mlgitops.yaml").write_bytes(content)

    assert branch.named_in(tmp_path) == "main"


def plan(workspace: GitWorkspace, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said where the branch with the desired state has no commit."""
    assert main(["-C", str(workspace.root), "plan"]) == 2
    return capsys.readouterr().err


def test_the_branch_that_is_checked_out_instead_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = GitWorkspace.create(tmp_path / "shop")
    workspace.commit({"mlgitops.yaml": PROJECT}, "Specs")
    workspace.git("branch", "--move", "main", "master")
    said = plan(workspace, capsys)

    assert "error: the branch 'main' has no commit; checked out is 'master'\n" in said
    assert "`branch: master`" in said
    assert "git branch -m master main" in said

    workspace.git("branch", "-m", "master", "main")
    assert main(["-C", str(workspace.root), "plan"]) == 0


def test_writing_the_branch_into_the_project_helps_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = GitWorkspace.create(tmp_path / "shop")
    workspace.git("branch", "--move", "main", "master")
    workspace.commit({"mlgitops.yaml": PROJECT + "spec:\n  branch: master\n"}, "Specs")

    assert main(["-C", str(workspace.root), "plan"]) == 0


def test_a_repository_without_a_commit_needs_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = GitWorkspace(tmp_path / "shop")
    workspace.git("init", "--quiet", "--initial-branch=main")

    assert plan(workspace, capsys) == (
        "error: the branch 'main' has no commit\nhint: commit your specs\n"
    )


def test_a_checkout_of_a_commit_alone_fetches_the_branch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = GitWorkspace.create(tmp_path / "shop")
    workspace.git("switch", "--quiet", "--detach")
    workspace.git("branch", "--delete", "--force", "main")
    said = plan(workspace, capsys)

    assert "no branch is checked out" in said
    assert "git fetch origin main:main" in said
