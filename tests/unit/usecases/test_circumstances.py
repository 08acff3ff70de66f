from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mlgitops.model.verdict import Context
from mlgitops.usecases.circumstances import circumstances
from tests.fakes.release_world import MODEL, PRODUCTION, STAGING, ReleaseWorld


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    return ReleaseWorld(tmp_path)


def known(world: ReleaseWorld, environment: str = "production") -> Context:
    target = PRODUCTION if environment == "production" else STAGING
    return circumstances(target, world.desired(target), world.specs, world.registry, world.now)


def test_the_first_of_the_chain_has_nothing_before_it(world: ReleaseWorld) -> None:
    world.run()
    world.release()

    assert "soak_hours" not in known(world, "staging")


def test_what_is_not_live_before_has_no_hours(world: ReleaseWorld) -> None:
    world.run()
    request = world.promote().request
    assert request is not None
    world.workspace.merge(request.branch)

    assert "soak_hours" not in known(world)


def test_hours_are_counted_and_never_negative(world: ReleaseWorld) -> None:
    world.run()
    world.release()  # live since midnight of the second of January

    assert known(world)["soak_hours"] == 12.0
    world.now -= timedelta(days=1)
    assert known(world)["soak_hours"] == 0.0


def test_what_another_project_made_live_does_not_count(world: ReleaseWorld) -> None:
    world.run()
    world.release()
    world.disown(STAGING, "other")

    assert "soak_hours" not in known(world)


def test_a_rollback_needs_the_version_that_is_replaced(world: ReleaseWorld) -> None:
    world.run()
    assert "previous_version_ready" not in known(world, "staging")

    world.release()
    assert known(world, "staging")["previous_version_ready"] is True

    world.registry.delete_version(MODEL, 1)
    assert known(world, "staging")["previous_version_ready"] is False
