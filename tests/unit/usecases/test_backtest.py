from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model import decision_log
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Gate, Specs
from mlgitops.usecases.backtest import Backtest, backtest
from tests.fakes.release_world import MODEL, ReleaseWorld


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    made = ReleaseWorld(tmp_path)
    made.run()
    made.release()
    return made


def bound(specs: Specs, gate: Gate) -> Specs:
    staging = replace(specs.environments["staging"], gates=(gate,))
    return replace(specs, environments={**specs.environments, "staging": staging})


def asking(specs: Specs, least: float) -> Specs:
    return bound(specs, Gate("min-metric", {"metric": "roc_auc", "min": least}, "hard"))


def again(world: ReleaseWorld, specs: Specs, **given: object) -> Backtest:
    found = world.archive.decided()
    return backtest(found, specs, world.archive, engine=CelEngine(), **given)  # type: ignore[arg-type]


def test_the_same_policies_flip_nothing(world: ReleaseWorld) -> None:
    assert again(world, world.specs) == Backtest(judged=1, unknown=0, flips=())


def test_a_flip_names_the_rule_that_makes_it(world: ReleaseWorld) -> None:
    [flip] = again(world, asking(world.specs, 0.7)).flips

    assert (flip.before, flip.after, flip.because) == ("pass", "fail", ("min-metric/floor",))
    assert flip.entry == world.carried("HEAD")[0]


def test_a_decision_that_would_be_open_now_flips_too(world: ReleaseWorld) -> None:
    [entry] = world.archive.decided()
    shut = replace(
        entry.decision,
        verdict="fail",
        gates=tuple(
            replace(
                gate,
                verdict="fail",
                rules=tuple(
                    replace(rule, verdict="fail") if rule.rule == "floor" else rule
                    for rule in gate.rules
                ),
            )
            if gate.policy == "min-metric"
            else gate
            for gate in entry.decision.gates
        ),
    )
    past = decision_log.parse(decision_log.entry(shut, None, commit=entry.commit).line)
    made = backtest([past], world.specs, world.archive, engine=CelEngine())

    assert [(flip.before, flip.after, flip.because) for flip in made.flips] == [
        ("fail", "pass", ("min-metric/floor",))
    ]


def test_a_binding_counts_as_if_its_day_had_come(world: ReleaseWorld) -> None:
    gate = Gate("min-metric", {"metric": "roc_auc", "min": 0.7}, "hard", since=date(2040, 1, 1))

    assert len(again(world, bound(world.specs, gate)).flips) == 1


def test_only_what_one_policy_has_a_part_in(world: ReleaseWorld) -> None:
    specs = asking(world.specs, 0.7)

    assert len(again(world, specs, policy="min-metric").flips) == 1
    assert again(world, specs, policy="leakage").flips == ()
    with pytest.raises(SpecError, match="there is no policy 'mars'"):
        again(world, specs, policy="mars")


def test_only_what_was_decided_since(world: ReleaseWorld) -> None:
    moment = datetime(2026, 1, 2, 12, tzinfo=UTC)

    assert again(world, world.specs, since=moment).judged == 1
    assert again(world, world.specs, since=moment + timedelta(seconds=1)).judged == 0


def test_evidence_that_is_gone_is_counted(world: ReleaseWorld) -> None:
    world.run(auc=0.66)
    world.promote()

    made = again(world, asking(world.specs, 0.7))
    assert (made.judged, made.unknown, len(made.flips)) == (1, 1, 1)


def test_what_cannot_be_judged_any_more_is_an_error(world: ReleaseWorld) -> None:
    pipelines = {name: one for name, one in world.specs.pipelines.items() if name != MODEL}
    [flip] = again(world, replace(world.specs, pipelines=pipelines)).flips

    assert flip.after == "error"
    assert "no spec describes" in flip.because[0]
