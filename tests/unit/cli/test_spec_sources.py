from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.adapters.git_repository.repository import GitRepository
from mlgitops.cli.spec_sources import SpecSources
from mlgitops.model.errors import SpecError
from tests.fakes.git_workspace import GitWorkspace

PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: orders}\n"


def sources(workspace: GitWorkspace, texts: dict[str, str] | None = None) -> SpecSources:
    return SpecSources(GitRepository(workspace.root), {} if texts is None else texts)


@pytest.fixture
def workspace(tmp_path: Path) -> GitWorkspace:
    """A project that is called `orders` on its branch, and `later` in the work tree."""
    workspace = GitWorkspace.create(tmp_path / "orders")
    workspace.commit({"mlgitops.yaml": PROJECT}, "Add a project")
    workspace.write({"mlgitops.yaml": PROJECT.replace("orders", "later")})
    return workspace


def test_each_tree_is_read_where_it_is(workspace: GitWorkspace) -> None:
    found = sources(workspace)

    assert found.here().project.name == "later"
    assert found.desired().project.name == "orders"
    assert found.at("HEAD").project.name == "orders"
    assert found.desired_commit == GitRepository(workspace.root).resolve("HEAD")


def test_what_was_read_is_kept_for_whoever_shows_a_line(workspace: GitWorkspace) -> None:
    texts: dict[str, str] = {}
    documents, files = sources(workspace, texts).documents()

    assert texts == files == {"mlgitops.yaml": PROJECT.replace("orders", "later")}
    assert "mlgitops.yaml" in {document.file for document in documents}


def test_a_wrong_spec_can_be_shown_too(workspace: GitWorkspace) -> None:
    texts: dict[str, str] = {}
    workspace.write({"mlgitops.yaml": "kind: ["})

    with pytest.raises(SpecError):
        sources(workspace, texts).here()
    assert texts == {"mlgitops.yaml": "kind: ["}


def test_a_commit_that_is_not_there_is_refused(workspace: GitWorkspace) -> None:
    with pytest.raises(SpecError, match="'nowhere'") as refused:
        sources(workspace).at("nowhere")
    assert refused.value.hint == "git fetch --all"


def test_a_branch_that_another_one_holds_the_desired_state_of_is_refused(
    workspace: GitWorkspace,
) -> None:
    elsewhere = PROJECT + "spec: {branch: trunk}\n"
    workspace.commit({"mlgitops.yaml": elsewhere}, "Move to trunk")
    workspace.write({"mlgitops.yaml": PROJECT})

    with pytest.raises(SpecError, match="names the branch 'trunk'"):
        sources(workspace).desired()
