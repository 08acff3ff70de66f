from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.cli.app import main
from mlgitops.cli.own_folder import store_below
from mlgitops.model.errors import SpecError
from tests.fakes.git_workspace import GitWorkspace
from tests.fakes.laboratory import FILES

STEP = ".mlgitops/store/steps/1.json"


@pytest.fixture
def shop(tmp_path: Path) -> GitWorkspace:
    """A clone whose commit brings records of steps that nobody made."""
    workspace = GitWorkspace.create(tmp_path / "shop")
    workspace.commit({**FILES, STEP: "{}"}, "A cache")
    return workspace


@pytest.mark.parametrize("verb", [["run", "churn"], ["explain", "train", "--model", "churn"]])
def test_records_that_a_commit_brings_are_refused(
    shop: GitWorkspace, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["-C", str(shop.root), *verb])

    said = capsys.readouterr().err
    assert code == SpecError.exit_code
    assert "error: git tracks .mlgitops, where mlgitops keeps what it made" in said
    assert "hint: run `git rm -r --force .mlgitops` and commit that" in said
    assert not (shop.root / ".mlgitops" / "runs").exists()


def test_the_remedy_helps(shop: GitWorkspace, capsys: pytest.CaptureFixture[str]) -> None:
    shop.git("rm", "-r", "--quiet", "--force", ".mlgitops")
    shop.git("commit", "--quiet", "--message", "No cache")

    code = main(["-C", str(shop.root), "explain", "train", "--model", "churn"])

    assert code == SpecError.exit_code
    assert "'churn' has not run here yet" in capsys.readouterr().err


def test_a_folder_that_is_only_ignored_is_ours(tmp_path: Path) -> None:
    workspace = GitWorkspace.create(tmp_path / "shop")
    store = store_below(workspace.root, ["mlops", "mlgitops.yaml", "my.mlgitops"])

    assert store.scratch().is_relative_to(workspace.root / ".mlgitops")
    assert workspace.git("status", "--short") == ""


@pytest.mark.parametrize("name", [".mlgitops", ".MLGitOps"], ids=["itself", "on a mac"])
def test_whatever_the_commit_has_there_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=name):
        store_below(tmp_path, ["README.md", name])


def test_a_link_to_other_files_of_the_commit_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = GitWorkspace.create(tmp_path / "shop")
    (workspace.root / ".mlgitops").symlink_to("elsewhere")
    workspace.commit({**FILES, "elsewhere/store/steps/1.json": "{}"}, "A link")

    assert main(["-C", str(workspace.root), "run", "churn"]) == SpecError.exit_code
    assert "git tracks .mlgitops" in capsys.readouterr().err
