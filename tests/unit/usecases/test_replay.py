from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model import decision_log
from mlgitops.model.decision_log import Entry
from mlgitops.model.spec import Specs
from mlgitops.model.verdict import ConsideredWaiver, GateResult, Verdict
from mlgitops.usecases.replay import Replay, replay
from tests.fakes.release_world import MODEL, ReleaseWorld

WAIVER = ConsideredWaiver("lax", "min-metric", (), "2027-01-01", holds=True)


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
    [found] = replay([entry], world.archive, world.specs_at, engine=LaterEngine())

    assert found == Replay(
        entry,
        "differs",
        f"other than recorded: engine ({CelEngine().version} → cel-expr-python 9)",
    )


def test_what_no_commit_has_cannot_be_judged_again(world: ReleaseWorld) -> None:
    [entry] = world.archive.decided()
    other = replace(entry.decision, verdict=Verdict.FAIL)
    same, dirty = (
        decision_log.entry(decision, None, commit=entry.commit, dirty=True)
        for decision in (entry.decision, other)
    )

    assert replayed(world, same) == [("equal", "")]
    assert replayed(world, dirty) == [
        ("unknown", "other than recorded: verdict; it was made with uncommitted changes")
    ]


def with_gates(entry: Entry, change: Callable[[GateResult], GateResult], **more: object) -> Entry:
    gates = tuple(map(change, entry.decision.gates))
    decision = replace(entry.decision, gates=gates, **more)  # type: ignore[arg-type]
    return decision_log.entry(decision, None, commit=entry.commit)


def of_another_pack(gate: GateResult) -> GateResult:
    """As if `leakage` had asked something else then."""
    if gate.policy != "leakage":
        return gate
    return replace(gate, digest="sha256:0", verdict=Verdict.FAIL)


def test_a_policy_of_another_text_cannot_judge_again(world: ReleaseWorld) -> None:
    [entry] = world.archive.decided()
    then = with_gates(entry, of_another_pack, verdict=Verdict.FAIL, engine="cel 0")
    [(outcome, reason)] = replayed(world, then)

    assert outcome == "unknown"
    assert reason.endswith("the gate leakage; the policy is another one now: leakage")


def test_a_policy_of_another_text_excuses_nothing_else(world: ReleaseWorld) -> None:
    [entry] = world.archive.decided()

    def forged(gate: GateResult) -> GateResult:
        lax = replace(gate, level="audit") if gate.policy == "min-metric" else gate
        return of_another_pack(lax)

    for then in (
        with_gates(entry, forged),
        with_gates(entry, of_another_pack, model=MODEL, waivers=(WAIVER,)),
    ):
        [(outcome, _)] = replayed(world, then)
        assert outcome == "differs"


def test_a_policy_that_is_gone_leaves_it_unknown(world: ReleaseWorld) -> None:
    def without_policies(commit: str) -> Specs:
        return replace(world.specs_at(commit), policies={})

    [found] = replay(world.archive.decided(), world.archive, without_policies, engine=CelEngine())

    assert found.outcome == "unknown"
    assert found.reason.startswith("it cannot be judged any more: there is no policy")
