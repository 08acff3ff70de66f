from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model import decision_log
from mlgitops.model.decision_log import Entry
from mlgitops.model.errors import SpecError
from mlgitops.model.policy import Gate, Policy, Rule
from mlgitops.model.spec import Specs
from mlgitops.policies.binding import ALWAYS_ON, NEVER_LOWERED
from mlgitops.usecases.backtest import Backtest, backtest
from mlgitops.usecases.gate import gate
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


def ruled(specs: Specs, rule: Rule, when: str | None = None) -> Specs:
    """The specs with a policy `narrow` of one rule, bound to staging."""
    policy = Policy("narrow", "Ask.", (), when, (rule,))
    found = bound(specs, Gate("narrow", {}, "hard"))
    return replace(found, policies={**specs.policies, "narrow": policy})


def decided_by(world: ReleaseWorld, specs: Specs) -> Entry:
    """The decision at HEAD as it would have been by *specs*."""
    [entry] = world.archive.decided()
    [evidence] = world.archive.evidence_of([entry])
    assert not isinstance(evidence, str)
    known = entry.decision.context
    decision = gate(specs, evidence, engine=CelEngine(), context=known)
    return decision_log.parse(decision_log.entry(decision, None, commit=entry.commit).line)


RULES = {
    "fail": Rule("r", "false", None, "m", "r"),
    "inconclusive": Rule("r", "false", "false", "m", "r"),
    "error": Rule("r", "metrics.none.value > 0.0", None, "m", "r"),
    "pass": Rule("r", "true", None, "m", "r"),
}


@pytest.mark.parametrize("before", RULES)
@pytest.mark.parametrize("after", RULES)
def test_any_flip_of_a_rule_is_its_policys(before: str, after: str, world: ReleaseWorld) -> None:
    entry = decided_by(world, ruled(world.specs, RULES[before]))
    specs = ruled(world.specs, RULES[after])
    for policy in (None, "narrow", "leakage"):
        made = backtest([entry], specs, world.archive, engine=CelEngine(), policy=policy)

        is_told = before != after and policy != "leakage"
        assert [(flip.before, flip.after, flip.because) for flip in made.flips] == (
            [(before, after, ("narrow/r",))] if is_told else []
        )


def alone(specs: Specs) -> Specs:
    """Only `narrow` decides."""
    gates = [Gate(name, {}, "audit") for name in ALWAYS_ON if name not in NEVER_LOWERED]
    staging = specs.environments["staging"]
    environments = {"staging": replace(staging, gates=(*staging.gates, *gates))}
    pipelines = {MODEL: replace(specs.pipelines[MODEL], gates=())}
    return replace(specs, environments=environments, pipelines=pipelines)


def test_a_policy_that_applies_no_more_has_a_part_in_it(world: ReleaseWorld) -> None:
    entry = decided_by(world, alone(ruled(world.specs, RULES["pass"])))
    specs = alone(ruled(world.specs, RULES["pass"], when="false"))
    [flip] = backtest([entry], specs, world.archive, engine=CelEngine(), policy="narrow").flips

    assert (flip.before, flip.after, flip.because) == ("pass", "error", ("narrow/*",))


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
    specs = replace(world.specs, pipelines=pipelines)
    [flip] = again(world, specs, policy="leakage").flips

    assert again(world, specs).flips == (flip,)
    assert flip.after == "error"
    assert "no spec describes" in flip.because[0]
