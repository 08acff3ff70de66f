"""Holds, as a pure fold and over real histories."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.adapters.git_repository import GitRepository
from mlgitops.model.errors import SpecError
from mlgitops.model.promotion import release_path
from mlgitops.model.spec import Pin, Release
from mlgitops.model.state import Target
from mlgitops.spec.release import render
from mlgitops.usecases.holds import NO_FILE, held, held_candidates, revisions
from tests.fakes.git_workspace import GitWorkspace

TARGET = Target("staging", "churn")
PATH = release_path("staging", "churn")
HISTORIES = st.lists(st.sampled_from(["a", "b", "c", "d", None, NO_FILE]), max_size=12)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("", ""),
        ("a", ""),
        ("ab", ""),
        ("aba", "b"),  # rolled back
        ("aabbaa", "b"),  # each state more than once
        ("abab", ""),  # the rollback was reverted
        ("ababa", "b"),  # and that again
        ("abac", "b"),  # the hold outlasts the next release
        ("abaca", "bc"),
        ("abca", "c"),  # two steps back: only what was live is undone
        ("abcb", "c"),
        ("abcba", "cb"),
        ("a-", "a"),  # the first release was undone
        ("a-a", ""),
        ("a-b", "a"),
        ("ab-", ""),  # retired, not undone
        ("a-b-", "ab"),
        ("ab-b", ""),
        ("-a-", "a"),
        ("a.", ""),  # the file was deleted: nobody manages the model
        ("ab.", ""),
        ("a.a", ""),
        ("ab.a", ""),
        ("aba.", "b"),  # no hold is lifted by that
        ("ab.c-", "c"),  # the first release after it was undone
        ("a.-", ""),
    ],
)
def test_a_candidate_is_held_while_its_release_is_undone(history: str, expected: str) -> None:
    states = [{"-": None, ".": NO_FILE}.get(state, state) for state in history]

    assert held(states) == frozenset(expected)


@settings(deadline=None)
@given(HISTORIES)
def test_what_is_desired_now_is_never_held(history: list[str | None]) -> None:
    now = held(history)

    assert not history or history[-1] not in now
    assert now <= {state for state in history if state}


@settings(deadline=None)
@given(HISTORIES)
def test_a_new_candidate_holds_nothing_and_frees_nothing(history: list[str | None]) -> None:
    assert held([*history, "new"]) == held(history)


@settings(deadline=None)
@given(HISTORIES)
def test_undoing_a_new_candidate_holds_it_until_that_is_undone(
    history: list[str | None],
) -> None:
    # A rollback retires what it cannot replace; it never deletes the file.
    before = (history[-1] if history else None) or None

    assert held([*history, "new", before]) == held(history) | {"new"}
    assert held([*history, "new", before, "new"]) == held(history)


@settings(deadline=None)
@given(HISTORIES, st.data())
def test_repeating_a_state_changes_nothing(history: list[str | None], data: st.DataObject) -> None:
    if history:
        at = data.draw(st.integers(0, len(history) - 1))

        assert held([*history[: at + 1], *history[at:]]) == held(history)


def pin(version: int) -> Pin:
    return Pin(version, f"{version:012x}", f"sha256:{version:064x}", f"sha256:{version:064x}")


def text(version: int | None, previous: int | None = None) -> str:
    """A Release file."""
    desired = pin(version) if version else None
    return render(Release("churn", "staging", desired, pin(previous) if previous else None))


class World:
    """A person with git, and what the history says."""

    def __init__(self, folder: Path) -> None:
        self.git = GitWorkspace.create(folder)
        self.repository = GitRepository(self.git.root, self.git.env)

    def release(self, version: int, how: str) -> str:
        """Merge a branch that edits the Release, as a promotion does."""
        change = {PATH: text(version, version - 1 or None)}
        self.repository.write_branch(f"promote/{version}", "main", change, f"Release {version}")
        if how != "fast-forward":
            self.git.commit({"other": str(version)}, "Unrelated")
        return self.git.merge(f"promote/{version}", how)

    @property
    def held(self) -> list[int]:
        return sorted(int(c, 16) for c in held_candidates(self.repository, TARGET, "main"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "work")


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_reverting_a_merge_holds_and_reverting_that_frees(world: World, how: str) -> None:
    world.release(1, how)
    merged = world.release(2, how)

    assert world.held == []

    reverted = world.git.revert(merged)

    assert world.held == [2]

    world.git.commit({"other": "more"}, "Main goes on")
    world.release(3, how)

    assert world.held == [2]

    world.git.commit({PATH: text(1)}, "Back by hand")
    world.git.commit({PATH: text(2)}, "As reverting the revert would")

    assert world.held == [3]
    assert world.repository.is_ancestor(reverted, "main")


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_reverting_the_revert_of_a_merge_frees(world: World, how: str) -> None:
    world.release(1, how)
    reverted = world.git.revert(world.release(2, how))
    world.git.revert(reverted)

    assert world.held == []
    assert world.repository.read(PATH, "main") == text(2, 1)


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_reverting_the_first_release_deletes_its_file_and_holds_nothing(
    world: World, how: str
) -> None:
    world.git.revert(world.release(1, how))

    assert world.repository.read(PATH, "main") is None
    assert world.held == []


def test_retiring_the_first_release_holds_it(world: World) -> None:
    world.release(1, "merge")
    world.git.commit({PATH: text(None, 1)}, "As a rollback does")

    assert world.held == [1]


def test_a_revert_that_comes_in_by_a_merge_holds_as_well(world: World) -> None:
    """As GitHub's button makes it: a branch with the revert, and a merge of that."""
    world.release(1, "merge")
    merged = world.release(2, "merge")
    world.git.git("switch", "--quiet", "--create", "revert-2")
    world.git.revert(merged)
    world.git.git("switch", "--quiet", "main")
    world.git.commit({"other": "meanwhile"}, "Meanwhile")
    world.git.merge("revert-2")

    assert world.held == [2]


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_a_pull_that_makes_main_the_second_parent_hides_no_rollback(
    world: World, how: str, tmp_path: Path
) -> None:
    world.release(1, how)
    world.git.git("clone", "--quiet", str(world.git.root), str(tmp_path / "developer"))
    developer = GitWorkspace(tmp_path / "developer")
    developer.commit({"work": "mine"}, "Work")
    world.git.revert(world.release(2, how))

    developer.git("pull", "--quiet", "--no-rebase", "--no-edit")

    repository = GitRepository(developer.root, developer.env)
    assert held_candidates(repository, TARGET, "main") == {pin(2).candidate}


def test_what_was_tried_and_taken_back_on_a_side_branch_is_held_too(world: World) -> None:
    """It has the same commits as main that was pulled into somebody's work."""
    world.release(1, "merge")
    world.git.git("switch", "--quiet", "--create", "side")
    world.git.commit({PATH: text(2)}, "Try")
    world.git.commit({PATH: text(1)}, "Back")
    world.git.git("switch", "--quiet", "main")
    world.git.merge("side")

    assert world.held == [2]


def test_a_release_that_a_branch_brings_back_is_free(world: World) -> None:
    world.release(1, "merge")
    merged = world.release(2, "merge")
    world.git.git("branch", "later", merged)
    reverted = world.git.revert(merged)
    world.git.git("switch", "--quiet", "later")
    world.git.commit({"other": "work"}, "Work")
    world.git.git("merge", "--quiet", "--no-edit", "main")

    assert world.repository.read(PATH, "later") == text(1)
    assert held_candidates(world.repository, TARGET, "later") == {pin(2).candidate}

    world.git.revert(reverted)

    assert held_candidates(world.repository, TARGET, "later") == frozenset()


def bring_in(git: GitWorkspace, how: str, number: int) -> None:
    """Bring the branch `side` into `main`, where something else happened meanwhile."""
    git.git("switch", "--quiet", "main")
    if how != "fast-forward":
        git.commit({"other": str(number)}, "Meanwhile")
    if how == "rebase":
        git.git("switch", "--quiet", "side")
        git.git("rebase", "--quiet", "main")
        git.git("switch", "--quiet", "main")
        git.merge("side", "fast-forward")
    elif how == "pull":
        git.git("pull", "--quiet", "--no-rebase", "--no-edit", ".", "side")
    elif how == "second parent":
        git.git("switch", "--quiet", "side")
        git.git("merge", "--quiet", "--no-ff", "--no-edit", "main")
        git.git("switch", "--quiet", "main")
        git.merge("side", "fast-forward")
    else:
        git.merge("side", how)
    git.git("branch", "--quiet", "-D", "side")


WAYS = ("merge", "pull", "second parent", "squash", "fast-forward", "rebase")


@pytest.mark.parametrize("seed", range(8))
def test_holds_do_not_depend_on_how_releases_came_in(world: World, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - a history, not a secret
    states: list[str | None] = []
    for number in range(6):
        how = chosen.choice(WAYS)
        side = [chosen.choice((1, 2, 3, 4, None)) for _ in range(chosen.randint(1, 3))]
        world.git.git("switch", "--quiet", "--create", "side")
        for version in side:
            world.git.commit({PATH: text(version)}, f"To {version}")
        bring_in(world.git, how, number)
        seen = side[-1:] if how == "squash" else side
        states += [pin(version).candidate if version else None for version in seen]

        assert held_candidates(world.repository, TARGET, "main") == held(states)


def test_a_state_that_is_no_release_is_passed_over(world: World) -> None:
    world.release(1, "merge")
    for broken in ("a: [", "kind: Release\n", text(9).replace("staging", "production")):
        world.git.commit({PATH: broken}, "Broken")
    world.git.commit({PATH: text(2)}, "Second")
    world.git.commit({PATH: "a: ["}, "Broken")
    world.git.commit({PATH: text(1)}, "Back")

    assert [r.candidate for r in revisions(world.repository, TARGET, "main")] == [
        pin(version).candidate for version in (1, 2, 1)
    ]
    assert world.held == [2]


def test_a_target_that_was_never_released_holds_nothing(world: World) -> None:
    assert world.held == []


def test_a_shallow_clone_does_not_pretend_that_nothing_is_held(
    world: World, tmp_path: Path
) -> None:
    world.git.revert(world.release(1, "merge"))
    world.git.git("clone", "--quiet", "--depth=1", world.git.root.as_uri(), str(tmp_path / "c"))
    clone = GitWorkspace(tmp_path / "c")

    with pytest.raises(SpecError, match="shallow"):
        held_candidates(GitRepository(clone.root, clone.env), TARGET, "main")
