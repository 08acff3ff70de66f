from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.adapters.git_repository import GitRepository
from mlgitops.cli.signing import keys_at, keys_here, private_place, signer, trust
from mlgitops.model.errors import SpecError
from tests.fakes.git_workspace import GitWorkspace
from tests.fakes.signed_release import CI, RELEASER, private_key, public_key

ONE, TWO = public_key("ci", CI), public_key("releaser", RELEASER)


@pytest.mark.parametrize(
    "environ", [{}, {"MLGITOPS_SIGNING_KEY": ""}, {"MLGITOPS_SIGNING_KEY_FILE": ""}]
)
def test_without_a_key_nobody_signs(environ: dict[str, str]) -> None:
    assert signer(environ) is None


def test_the_key_is_in_the_environment_or_in_a_file_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "ci.key"
    file.write_bytes(private_key(CI))

    by_text = signer({"MLGITOPS_SIGNING_KEY": private_key(CI).decode().rstrip()})
    by_file = signer({"MLGITOPS_SIGNING_KEY_FILE": str(file), "MLGITOPS_SIGNING_KEY": ""})
    assert by_text is not None
    assert by_file is not None
    assert by_text.key == by_file.key
    assert by_text.key.raw == ONE.raw


def test_two_keys_are_one_too_many() -> None:
    with pytest.raises(SpecError, match="both set"):
        signer({"MLGITOPS_SIGNING_KEY": "x", "MLGITOPS_SIGNING_KEY_FILE": "y"})


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(SpecError, match=r"names /nowhere/ci\.key, which cannot be read"):
        signer({"MLGITOPS_SIGNING_KEY_FILE": "/nowhere/ci.key"})


def test_keys_are_those_of_their_tree_and_links_are_none(tmp_path: Path) -> None:
    workspace = GitWorkspace.create(tmp_path / "shop")
    workspace.commit(
        {"mlops/keys/ci.pub": ONE.encode(), "mlops/keys/old/x.pub": "x", "mlops/keys/a.md": "x"},
        "Trust",
    )
    trusted = workspace.head
    workspace.write({"mlops/keys/releaser.pub": TWO.encode()})
    repository = GitRepository(workspace.root, workspace.env)

    assert keys_at(repository, trusted) == (ONE,)
    assert keys_here(workspace.root) == (ONE, TWO)

    (workspace.root / "mlops/keys/releaser.pub").unlink()
    (workspace.root / "mlops/keys/releaser.pub").symlink_to("../../README.md")
    assert keys_at(repository, workspace.commit({}, "Link")) == (ONE,)


def test_a_file_among_the_keys_that_is_no_text_is_one_for_either_tree(tmp_path: Path) -> None:
    workspace = GitWorkspace.create(tmp_path / "shop")
    folder = workspace.root / "mlops" / "keys"
    folder.mkdir(parents=True)
    (folder / "ci.pub").write_text(ONE.encode())
    (folder / "logo.png").write_bytes(b"\x89PNG\xff")
    repository = GitRepository(workspace.root, workspace.env)

    assert keys_at(repository, workspace.commit({}, "Trust")) == keys_here(workspace.root) == (ONE,)

    (folder / "bad.pub").write_bytes(b"\xff")
    commit = workspace.commit({}, "Trust nobody")
    for read in (lambda: keys_at(repository, commit), lambda: keys_here(workspace.root)):
        with pytest.raises(SpecError) as refused:
            read()
        assert [one.code for one in refused.value.diagnostics] == ["SPEC340"]


def test_keys_are_read_once_and_only_when_somebody_asks() -> None:
    asked = []

    def read():
        asked.append(1)
        return (ONE,)

    found = trust(read)
    assert asked == []
    assert found.keys() == found.keys() == (ONE,)
    assert asked == [1]


def test_a_private_key_lies_among_a_persons_settings() -> None:
    assert private_place("ci", "shop", {}) == Path("~/.config/mlgitops/keys/shop/ci.key")
    assert private_place("ci", "shop", {"XDG_CONFIG_HOME": "/c"}) == Path(
        "/c/mlgitops/keys/shop/ci.key"
    )


def test_a_private_key_that_was_merged_makes_no_signature_count(tmp_path: Path) -> None:
    workspace = GitWorkspace.create(tmp_path / "shop")
    leaked = {"mlops/keys/ci.pub": ONE.encode(), "mlops/keys/ci.key": private_key(CI).decode()}
    commit = workspace.commit(leaked, "Oh")

    with pytest.raises(SpecError) as refused:
        keys_at(GitRepository(workspace.root, workspace.env), commit)
    assert [one.code for one in refused.value.diagnostics] == ["SPEC345"]
