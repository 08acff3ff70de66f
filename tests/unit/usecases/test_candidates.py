"""Which version goes next; the chain as a whole is in test_promote.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError
from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import Pin
from mlgitops.model.state import Target
from mlgitops.usecases.candidates import Choice, find, next_version
from tests.fakes.release_world import MODEL, STAGING, ReleaseWorld

CANDIDATE = "sha256:" + "4d1c90aa52e1" + "0" * 52
VERSION = ModelVersion(MODEL, 3, CANDIDATE, "sha256:m", "run", {})
PIN = Pin(3, short(CANDIDATE), "sha256:m", "sha256:e")


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    return ReleaseWorld(tmp_path)


def chosen(world: ReleaseWorld, choice: Choice, target: Target = STAGING) -> int:
    return next_version(target, world.specs, world.registry, choice).version


def test_the_newest_is_next_unless_another_is_chosen(world: ReleaseWorld) -> None:
    first, second = world.run(), world.run()
    assert first.candidate
    assert second.candidate

    assert chosen(world, Choice()) == 2
    assert chosen(world, Choice(version=1)) == 1
    assert chosen(world, Choice(candidate=first.candidate)) == 1
    assert chosen(world, Choice(candidate=short(first.candidate))) == 1
    with pytest.raises(SpecError):
        chosen(world, Choice(version=2, candidate=first.candidate))


@pytest.mark.parametrize("candidate", ["", "sha256:", "000000000000"])
def test_a_candidate_that_is_not_there_names_what_is(world: ReleaseWorld, candidate: str) -> None:
    world.run()
    with pytest.raises(SpecError, match="has no candidate") as caught:
        chosen(world, Choice(candidate=candidate))

    assert "newest: v1 (" in str(caught.value.hint)


def test_a_version_that_is_not_there_is_named(world: ReleaseWorld) -> None:
    world.run()

    with pytest.raises(SpecError, match="has no version 9"):
        chosen(world, Choice(version=9))


def test_digits_that_begin_two_candidates_choose_none(world: ReleaseWorld) -> None:
    # Of 17 candidates two begin alike, since there are 16 digits.
    firsts = [short(world.run().candidate or "")[0] for _ in range(17)]
    twice = next(digit for digit in firsts if firsts.count(digit) > 1)

    with pytest.raises(SpecError, match="begins the names of"):
        chosen(world, Choice(candidate=twice))


def test_without_a_version_of_ours_the_pipeline_must_run(world: ReleaseWorld) -> None:
    with pytest.raises(SpecError, match="no version") as caught:
        chosen(world, Choice())

    assert caught.value.hint == f"mlgitops run {MODEL} --from register"


def test_an_unknown_environment_names_those_that_are(world: ReleaseWorld) -> None:
    with pytest.raises(SpecError, match="'qa'") as caught:
        chosen(world, Choice(), Target("qa", MODEL))

    assert caught.value.hint == "environments: production, staging"


@pytest.mark.parametrize(
    ("version", "is_found"),
    [
        (VERSION, True),
        (replace(VERSION, version=4), False),
        (replace(VERSION, manifest="sha256:other"), False),
        (replace(VERSION, candidate="sha256:" + "f" * 64), False),
        (replace(VERSION, candidate=None, manifest=None), False),
    ],
)
def test_a_pin_finds_only_what_was_released(version: ModelVersion, is_found: bool) -> None:
    assert (find([version], PIN) is version) == is_found
