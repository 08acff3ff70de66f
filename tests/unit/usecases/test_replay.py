from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model import decision_log
from mlgitops.model.decision_log import Entry
from mlgitops.model.verdict import Verdict
from mlgitops.usecases.replay import Replay, replay
from tests.fakes.release_world import MODEL, ReleaseWorld


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    made = ReleaseWorld(tmp_path)
    made.run()
    made.release()
    return made


class LaterEngine(CelEngine):
    """The same under another name."""

    @property
    def version(self) -> str:
        return "cel-expr-python 9"


def replayed(world: ReleaseWorld, *found: Entry) -> list[tuple[str, str]]:
    made = replay(
        found or world.archive.decided(), world.archive, world.specs_at, engine=CelEngine()
    )
    return [(one.outcome, one.reason) for one in made]


def test_a_decision_comes_out_as_recorded_whatever_the_policies_are_now(
    world: ReleaseWorld,
) -> None:
    path = f"mlops/pipelines/{MODEL}.yaml"
    text = world.repository.read(path, "main") or ""
    world.workspace.commit({path: text.replace("0.62", "0.7")}, "Ask for more")
    world.now = world.now.replace(year=2030)

    assert replayed(world) == [("equal", "")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": Verdict.FAIL}, "other than recorded: verdict"),
        ({"candidate": "sha256:0"}, "its evidence is neither at HEAD nor in the store"),
        ({"gates": ()}, "other than recorded: the gate data-validation-passed, "),
        ({"waivers": (), "model": "mars"}, "its evidence is neither at HEAD nor in the store"),
    ],
)
def test_a_forged_decision_is_told(
    change: dict[str, object], said: str, world: ReleaseWorld
) -> None:
    [entry] = world.archive.decided()
    decision = replace(entry.decision, **change)  # type: ignore[arg-type]
    forged = decision_log.entry(decision, None, commit=entry.commit)
    [(outcome, reason)] = replayed(world, forged)

    assert outcome == ("unknown" if "neither" in said else "differs")
    assert reason.startswith(said)


def test_policies_that_are_gone_leave_it_unknown(world: ReleaseWorld) -> None:
    [entry] = world.archive.decided()
    [(outcome, reason)] = replayed(world, replace(entry, commit="0" * 40))

    assert outcome == "unknown"
    assert "the policies of commit 000000000000 cannot be read" in reason


def test_another_engine_is_named(world: ReleaseWorld) -> None:
    [entry] = world.archive.decided()
    dirty = replace(entry, dirty=True)
    [found] = replay([dirty], world.archive, world.specs_at, engine=LaterEngine())

    assert found == Replay(
        dirty,
        "differs",
        f"other than recorded: engine ({CelEngine().version} → cel-expr-python 9); "
        "it was made with uncommitted changes",
    )
