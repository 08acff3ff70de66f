"""Rollback, with real git: what it proposes, what it proves first, what it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.model.errors import GateFailed, PlanIsStale, SpecError
from mlgitops.model.promotion import release_path
from mlgitops.model.state import Target
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.holds import held_candidates
from mlgitops.usecases.rollback import Rollback, rollback
from tests.fakes.release_world import MODEL, STAGING, ReleaseWorld

PATH = release_path("staging", MODEL)


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    return ReleaseWorld(tmp_path)


def held(world: ReleaseWorld) -> frozenset[str]:
    return held_candidates(world.repository, STAGING, "main")


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward"])
def test_merging_a_rollback_does_what_a_revert_does(world: ReleaseWorld, how: str) -> None:
    world.run()
    world.release(how=how)
    before = world.repository.read(PATH, "main")
    world.run()
    released = world.release(how=how)
    undone = world.desired()
    assert undone is not None
    proposed = world.rollback()

    assert (proposed.undone.version, proposed.restored and proposed.restored.version) == (2, 1)
    assert proposed.request.branch == f"mlgitops/rollback/staging/{MODEL}/{undone.candidate}"
    assert held(world) == frozenset()

    evidence = world.repository.read_all("mlops/evidence", "main")
    world.workspace.merge(proposed.request.branch, how)
    by_rollback = held(world)

    assert world.repository.read(PATH, "main") == before
    assert world.repository.read_all("mlops/evidence", "main") == evidence
    assert by_rollback == {undone.candidate}

    world.workspace.git("reset", "--quiet", "--hard", released)
    world.workspace.revert(released)

    assert (world.repository.read(PATH, "main"), held(world)) == (before, by_rollback)


def test_it_says_what_it_undoes_and_what_follows(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.run()
    world.release(how="fast-forward")
    request = world.rollback().request

    assert request.title == f'Revert "promote({MODEL}→staging): v2 replaces v1 · 6 pass"'
    assert request.header["kind"] == "rollback"
    assert f"- `alias staging of {MODEL}: v2 → v1`" in request.body
    assert "is held" in request.body


@pytest.mark.parametrize(("how", "gates"), [("merge", " · 6 pass"), ("squash", "")])
def test_a_title_that_a_squash_lost_is_made_anew(world: ReleaseWorld, how: str, gates: str) -> None:
    world.run()
    world.release()
    world.run()
    world.release(how=how)

    title = f"promote({MODEL}→staging): v2 replaces v1{gates}"
    assert world.rollback().request.title == f'Revert "{title}"'


def test_proposing_twice_changes_nothing(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    first = world.rollback()
    commit = world.repository.resolve(first.request.branch)

    assert world.rollback() == first
    assert world.repository.resolve(first.request.branch) == commit


def test_the_first_release_is_rolled_back_by_retiring(world: ReleaseWorld) -> None:
    """Deleting the file would only stop management, and leave the alias where it is."""
    world.run()
    world.release()
    first = world.desired()
    assert first is not None
    proposed = world.rollback()

    assert proposed.restored is None

    world.workspace.merge(proposed.request.branch)
    release = world.specs.releases["staging", MODEL]

    assert (release.desired, release.previous) == (None, first)
    assert held(world) == {first.candidate}
    with pytest.raises(GateFailed, match="is held"):
        world.promote()
    with pytest.raises(SpecError, match="nothing is released"):
        world.rollback()


def test_after_a_rollback_the_next_candidate_may_come(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.run()
        world.release()
    world.workspace.merge(world.rollback().request.branch)
    world.reconcile(STAGING)
    world.run()
    promotion = world.promote()
    assert promotion.request is not None

    assert promotion.request.title.startswith(f"promote({MODEL}→staging): v3 replaces v1")


def test_other_commits_of_the_same_release_are_not_the_last_change(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.run()
        world.release()
    text = world.repository.read(PATH, "main") or ""
    world.workspace.commit({PATH: text + "# seen by Ada\n"}, "A comment")
    proposed = world.rollback()

    assert proposed.restored is not None
    assert proposed.restored.version == 1


def test_a_rollback_is_not_rolled_back(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.run()
        world.release()
    world.workspace.merge(world.rollback().request.branch)
    with pytest.raises(GateFailed, match="which is held") as caught:
        world.rollback()

    undone = world.workspace.git("rev-parse", "HEAD^2")
    assert caught.value.hint == f"if it should be back: git revert {undone[:12]}"


def test_nothing_comes_back_that_the_registry_lost(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.run()
        world.release()
    world.registry.delete_version(MODEL, 1)
    before = world.branches()
    with pytest.raises(SpecError, match=r"does not have v1 \("):
        world.rollback()

    assert world.branches() == before


def test_nothing_comes_back_whose_files_were_changed(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.run()
        world.release()
    world.registry.overwrite(MODEL, 1, {"MLmodel": b"", "model.pkl": b"other"})

    with pytest.raises(SpecError, match=r"files of v1 .* were changed"):
        world.rollback()


def test_where_nothing_is_released_there_is_nothing_to_roll_back(world: ReleaseWorld) -> None:
    with pytest.raises(SpecError, match="nothing is released as staging"):
        world.rollback()
    with pytest.raises(SpecError, match="'qa'"):
        world.rollback(Target("qa", MODEL))


def test_a_model_that_was_released_needs_no_pipeline_to_be_known(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    gone = {PATH: None, f"mlops/pipelines/{MODEL}.yaml": None}
    world.workspace.commit(gone, "Give the model up")

    with pytest.raises(SpecError, match=f"nothing is released as staging/{MODEL}"):
        world.rollback()


def test_a_model_that_nobody_knows_is_refused_with_the_nearest(world: ReleaseWorld) -> None:
    with pytest.raises(SpecError, match="no pipeline 'flight-delay'") as caught:
        world.rollback(Target("staging", "flight-delay"))

    assert caught.value.hint == f"did you mean {MODEL!r}?"


def test_what_another_project_releases_is_not_rolled_back(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.disown(STAGING, "shop")

    with pytest.raises(PlanIsStale, match="'shop' releases staging/"):
        world.rollback()


def test_a_release_without_its_evidence_is_not_brought_back(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    first = world.desired()
    assert first is not None
    world.run()
    world.release()
    path = evidence_file.path(first.evidence, first.candidate, MODEL)
    world.workspace.commit({path: None}, "Tidy up")

    with pytest.raises(SpecError, match=f"not proven: there is no {path}"):
        world.rollback()


def released_thrice(world: ReleaseWorld) -> None:
    for _ in range(3):
        world.run()
        world.release()


def test_an_earlier_release_than_the_last_can_come_back(world: ReleaseWorld) -> None:
    released_thrice(world)
    first = world.repository.history(PATH, "main")[0].sha
    proposed = rolled_back(world, 1)

    assert (proposed.undone.version, proposed.restored and proposed.restored.version) == (3, 1)
    assert proposed.request.title == f"rollback({MODEL}→staging): v3 back to v1"
    assert f"alias staging of {MODEL}: v3 → v1" in proposed.request.body
    assert world.repository.read(PATH, proposed.request.branch) == world.repository.read(
        PATH, first
    )

    world.workspace.merge(proposed.request.branch)

    assert held(world) == {proposed.undone.candidate}


def test_the_release_before_has_a_number_too(world: ReleaseWorld) -> None:
    released_thrice(world)
    named, default = rolled_back(world, 2), world.rollback()

    assert named.restored == default.restored
    assert default.request.title.startswith('Revert "promote(')


@pytest.mark.parametrize(
    ("version", "message", "hint"),
    [
        (3, "v3 is what git wants as staging/", "mlgitops reconcile"),
        (4, "v4 was never released as staging/", "released were v1, v2, v3; of another, bring"),
        (0, "v0 was never released", "bring back the specs and the code"),
    ],
)
def test_only_what_was_released_before_can_come_back(
    world: ReleaseWorld, version: int, message: str, hint: str
) -> None:
    released_thrice(world)
    world.run()

    with pytest.raises(SpecError, match=message) as refused:
        rolled_back(world, version)
    assert hint in str(refused.value.hint)


def test_what_has_no_files_any_more_does_not_come_back(world: ReleaseWorld) -> None:
    released_thrice(world)
    world.registry.overwrite(MODEL, 2, {})

    with pytest.raises(SpecError, match="they are gone, or links"):
        world.rollback()


def test_what_was_rolled_back_does_not_come_back_by_its_number(world: ReleaseWorld) -> None:
    released_thrice(world)
    world.workspace.merge(world.rollback().request.branch)
    world.run()
    world.release()

    with pytest.raises(GateFailed, match="is held"):
        rolled_back(world, 3)


def rolled_back(world: ReleaseWorld, version: int) -> Rollback:
    return rollback(STAGING, world.specs, world.around_a_rollback, version=version)
