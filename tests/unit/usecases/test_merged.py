from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.git_repository import GitRepository
from mlgitops.model.errors import SpecError
from mlgitops.usecases.merged import unmerged
from tests.fakes.git_workspace import GitWorkspace


def made_by(commit: str) -> Any:
    return {"commit": commit}


@pytest.fixture
def workspace(tmp_path: Path) -> GitWorkspace:
    """A repository whose branch `feature` has a commit that `main` lacks."""
    workspace = GitWorkspace.create(tmp_path / "work")
    workspace.git("switch", "--quiet", "--create", "feature")
    workspace.commit({"train.py": "1"}, "Try")
    return workspace


def test_what_the_branch_contains_is_told_by_silence(workspace: GitWorkspace) -> None:
    repository = GitRepository(workspace.root, workspace.env)
    begin, tried = workspace.git("rev-parse", "main", "feature").split()

    assert unmerged(made_by(begin), repository, "main") == ""
    assert unmerged(made_by(tried), repository, "feature") == ""

    workspace.git("switch", "--quiet", "main")
    workspace.merge("feature")

    assert unmerged(made_by(tried), repository, "main") == ""


def test_a_commit_of_another_branch_is_named(workspace: GitWorkspace) -> None:
    repository = GitRepository(workspace.root, workspace.env)

    assert unmerged(made_by(workspace.head), repository, "main").startswith(
        f"Made by commit {workspace.head[:12]} of another branch: merging this releases code "
        "that main does not have"
    )


@pytest.mark.parametrize(
    ("commit", "name"),
    [("c" * 40, "commit cccccccccccc"), ("", "no commit"), ("main", "commit main")],
    ids=["elsewhere", "before the first", "not a full name"],
)
def test_what_this_clone_lacks_is_unknown(workspace: GitWorkspace, commit: str, name: str) -> None:
    repository = GitRepository(workspace.root, workspace.env)

    assert unmerged(made_by(commit), repository, "main") == (
        f"Made by {name}, which is not in this clone: whether main has its code is unknown."
    )


def test_a_shallow_clone_cannot_tell(workspace: GitWorkspace, tmp_path: Path) -> None:
    workspace.git("switch", "--quiet", "main")
    workspace.commit({"a": "1"}, "Go on")
    clone = tmp_path / "clone"
    workspace.git("clone", "--quiet", "--depth=1", f"file://{workspace.root}", str(clone))
    begin = workspace.git("rev-parse", "HEAD~1")

    with pytest.raises(SpecError, match="this clone is shallow"):
        unmerged(made_by(begin), GitRepository(clone, workspace.env), "main")
