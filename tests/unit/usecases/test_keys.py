from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.adapters.signing import LocalKeyMaker, LocalSigner
from mlgitops.model.attestation import envelope_path
from mlgitops.model.errors import SpecError
from mlgitops.model.state import Target
from mlgitops.spec import keys as key_files
from mlgitops.spec.proof import all_gaps
from mlgitops.usecases.keys import (
    KeyRow,
    SigningRound,
    known,
    new,
    sign_released,
)
from tests.fakes.git_workspace import GitWorkspace
from tests.fakes.signed_release import CI, RELEASER, STRANGER, SignedRelease, public_key, signer

ONE, TWO = public_key("ci", CI), public_key("releaser", RELEASER)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def test_a_new_key_is_two_halves_of_which_one_is_private(root: Path, tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        made = new("ci", root, tmp_path / "keys" / "ci.key", LocalKeyMaker())
    finally:
        os.umask(umask)

    assert made.private.stat().st_mode & 0o777 == 0o600
    assert made.private.parent.stat().st_mode & 0o777 == 0o700
    assert key_files.read(root) == (made.key,)
    assert LocalSigner(made.private.read_bytes(), "x").key.raw == made.key.raw
    assert "PRIVATE" not in made.public.read_text()


@pytest.mark.parametrize("place", ["ci.key", "mlops/keys/ci.key", ".mlgitops/ci.key", "../shop/x"])
def test_a_private_key_never_lies_in_the_repository(root: Path, place: str) -> None:
    with pytest.raises(SpecError, match="lies in the repository"):
        new("ci", root, root / place, LocalKeyMaker())

    assert list(root.rglob("*")) == []


def test_a_way_round_into_the_repository_is_none(root: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(root)

    with pytest.raises(SpecError, match="lies in the repository"):
        new("ci", root, tmp_path / "way" / "ci.key", LocalKeyMaker())


def test_another_repository_is_no_place_for_a_private_key_either(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "dotfiles" / ".git").mkdir(parents=True)
    place = tmp_path / "dotfiles" / "deep" / "ci.key"

    with pytest.raises(SpecError, match="lies in the repository") as refused:
        new("ci", root, place, LocalKeyMaker())
    assert str(tmp_path / "dotfiles") in refused.value.message
    assert not place.parent.exists()


def test_of_our_own_folder_git_takes_nothing(root: Path, tmp_path: Path) -> None:
    settings = GitWorkspace.create(tmp_path / "home")
    place = settings.root / ".config" / "mlgitops" / "keys" / "shop" / "ci.key"
    made = new("ci", root, place, LocalKeyMaker(), is_our_folder=True)
    settings.git("add", "--all")

    assert made.private == place
    assert settings.git("diff", "--cached", "--name-only") == ""


@pytest.mark.parametrize("name", ["", "../ci", "a/b", "CI", "ci.pub\n"])
def test_a_name_that_is_none_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError, match="no name of a key"):
        new(name, root, tmp_path / "ci.key", LocalKeyMaker())


@pytest.mark.parametrize("taken", ["private", "public"])
def test_no_key_is_written_over(root: Path, tmp_path: Path, taken: str) -> None:
    private, public = tmp_path / "ci.key", root / key_files.path("ci")
    place = private if taken == "private" else public
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("mine")

    with pytest.raises(SpecError, match="is there already"):
        new("ci", root, private, LocalKeyMaker())

    assert place.read_text() == "mine"
    assert not (public if taken == "private" else private).exists()


def test_every_key_is_listed_with_whether_it_counts() -> None:
    other = public_key("new", STRANGER)

    assert known((other, ONE), (TWO, ONE)) == (
        KeyRow(ONE, is_here=True, is_trusted=True),
        KeyRow(other, is_here=True, is_trusted=False),
        KeyRow(TWO, is_here=False, is_trusted=True),
    )


def unsigned() -> SignedRelease:
    one = SignedRelease(is_required=True)
    one.files = {one.evidence_path: one.files[one.evidence_path]}
    return one


def test_what_was_released_before_is_signed_and_then_proven(root: Path) -> None:
    one = unsigned()
    (made,) = sign_released(one.specs, root, signer(CI)).made

    assert made.target == Target("staging", "flights-delay")
    assert not all_gaps(one.release, SignedRelease(is_required=True).specs)
    one.envelope = (root / made.path).read_bytes()
    assert all_gaps(one.release, one.specs) == []
    assert sign_released(one.specs, root, signer(CI)) == SigningRound((), ())


def test_what_is_not_what_was_pinned_is_not_signed(root: Path) -> None:
    one = unsigned()
    one.files[one.evidence_path] += b"\n"

    with pytest.raises(SpecError, match="not proven"):
        sign_released(one.specs, root, signer(CI))
    assert list(root.rglob("*.json")) == []


def test_nothing_is_written_unless_all_can_be_signed(root: Path) -> None:
    one, other = unsigned(), SignedRelease(environment="production", is_required=True)
    other.files = {other.evidence_path: other.files[other.evidence_path] + b"\n"}
    both = replace(
        one.specs,
        releases=one.specs.releases | other.specs.releases,
        evidence=(one.files | other.files).get,
    )

    with pytest.raises(SpecError, match="v3 as production/flights-delay is not proven"):
        sign_released(both, root, signer(CI))
    assert list(root.rglob("*.json")) == []


def test_a_signature_that_proves_nothing_is_not_written_over(root: Path) -> None:
    one = SignedRelease()
    one.sign(STRANGER)

    with pytest.raises(SpecError, match="proves nothing"):
        sign_released(one.specs, root, signer(CI))


def test_a_key_that_nobody_trusts_signs_nothing(root: Path) -> None:
    with pytest.raises(SpecError, match="none of those"):
        sign_released(unsigned().specs, root, signer(STRANGER))


def with_previous(*, is_there: bool = True) -> SignedRelease:
    """A Release whose evidence is signed, after one that has the same model but no signature."""
    one, before = SignedRelease(is_required=True), SignedRelease(is_required=True)
    before.evidence["producer"]["actor"] = "somebody before"
    before.release_evidence()
    if is_there:
        one.files[before.evidence_path] = before.files[before.evidence_path]
    assert before.pin
    one.previous = replace(before.pin, version=2)
    return one


def test_what_a_rollback_brings_back_is_signed_too(root: Path) -> None:
    one = with_previous()
    found = sign_released(one.specs, root, signer(CI))

    [made] = found.made
    assert (made.version, made.is_live, found.left) == (2, False, ())
    one.files[made.path] = (root / made.path).read_bytes()
    before = replace(one.release, desired=one.previous, previous=None)
    assert all_gaps(before, one.specs) == []
    assert sign_released(one.specs, root, signer(CI)) == SigningRound((), ())


def test_what_came_before_and_cannot_be_signed_is_told_and_stops_nothing(root: Path) -> None:
    one = with_previous(is_there=False)
    del one.files[envelope_path(one.evidence_path)]
    found = sign_released(one.specs, root, signer(CI))

    assert [(made.version, made.is_live) for made in found.made] == [(3, True)]
    [left] = found.left
    assert (left.target, left.version) == (Target("staging", "flights-delay"), 2)
    assert "there is no mlops/evidence/flights-delay/" in left.reason
