from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Evaluate, Features, Pipeline, Train
from mlgitops.model.policy import Gate, Parameter, Policy, Rule, Waiver
from mlgitops.model.spec import Environment, ForgeAddress, Project, RegistryAddress, Specs
from mlgitops.model.verdict import Answer, Context, Verdict
from mlgitops.policies.binding import ALWAYS_ON
from mlgitops.spec.load import no_evidence
from mlgitops.usecases.gate import gate, gate_all

EVIDENCE = Path(__file__).parents[3] / "policies" / "tests" / "evidence.json"
TODAY = date(2026, 11, 2)
CONTEXT = Context(now="2026-11-02T23:59:59Z", stage="gate", environment="staging")
MIN = Parameter("min", "number", None)
FLOOR = Policy(
    "floor",
    "Why.",
    (MIN,),
    None,
    (
        Rule(
            "floor",
            "metrics.roc_auc.low >= params.min",
            "metrics.roc_auc.high < params.min",
            "roc_auc is {metrics.roc_auc.value:.2f}",
            "train more",
        ),
    ),
)


@pytest.fixture
def evidence() -> Any:
    return json.loads(EVIDENCE.read_text())


@pytest.fixture
def specs() -> Specs:
    always = {
        name: Policy(name, "Why.", (), None, (Rule("yes", "true", None, "yes", ""),))
        for name in ALWAYS_ON
    }
    pipeline = Pipeline(
        name="flights-delay",
        task="binary-classification",
        dataset="flights",
        label="late",
        positive=1,
        features=Features((), None),
        train=Train("flights.train:train", None, None, {}, 7, (), ()),
        evaluate=Evaluate(("roc_auc",), (), 0.95),
        gates=(Gate("floor", {"min": 0.6}),),
    )
    return Specs(
        project=Project("p", RegistryAddress("u", "a"), ForgeAddress("local", None), "main"),
        datasets={},
        pipelines={pipeline.name: pipeline},
        policies={**always, "floor": FLOOR},
        environments={"staging": Environment("staging", None, "staging", (), "detect")},
        releases={},
        waivers=(),
        texts={},
        evidence=no_evidence,
    )


class Silent:
    """An engine that knows nothing."""

    version = "none"

    def evaluate(self, _: Any, questions: Any) -> tuple[Answer, ...]:
        return tuple(Answer("error", None, "no engine") for _ in questions)


def asking(specs: Specs, minimum: float) -> Specs:
    [pipeline] = specs.pipelines.values()
    gates = (Gate("floor", {"min": minimum}),)
    return replace(specs, pipelines={pipeline.name: replace(pipeline, gates=gates)})


@pytest.mark.parametrize(
    ("minimum", "verdict"),
    [(0.6, Verdict.PASS), (0.64, Verdict.INCONCLUSIVE), (0.7, Verdict.FAIL)],
)
def test_the_evidence_is_judged_by_the_policies_of_its_environment(
    minimum, verdict, specs, evidence
):
    decision = gate(asking(specs, minimum), evidence, engine=CelEngine(), context=CONTEXT)

    assert decision.verdict is verdict
    assert decision.environment == "staging"
    assert decision.candidate == evidence["subject"]["candidate"]
    assert decision.evidence == digest(evidence)
    assert [result.policy for result in decision.gates] == [*ALWAYS_ON, "floor"]
    assert decision.gates[-1].rules[0].message == "roc_auc is 0.64"


def test_a_waiver_opens_the_gate_while_it_lasts(specs, evidence):
    subject = evidence["subject"]
    waiver = Waiver("w", "floor", subject["model"], subject["candidate"], "known", TODAY)
    specs = replace(asking(specs, 0.7), waivers=(waiver,))

    def verdict(now: str) -> Verdict:
        known = Context(now=now, stage="gate", environment="staging")
        return gate(specs, evidence, engine=CelEngine(), context=known).verdict

    assert verdict("2026-11-02T23:59:59Z") is Verdict.PASS
    assert verdict("2026-11-03T00:00:00Z") is Verdict.FAIL
    # In UTC, whatever the zone that it is told in: this is still the second of November.
    assert verdict("2026-11-03T00:30:00+01:00") is Verdict.PASS


def test_an_engine_that_knows_nothing_gives_an_error(specs, evidence):
    decision = gate(specs, evidence, engine=Silent(), context=CONTEXT)

    assert {result.verdict for result in decision.gates} == {Verdict.ERROR}
    assert decision.verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"environments": {}}, "the environment 'staging', which no spec describes"),
        ({"pipelines": {}}, "the pipeline 'flights-delay', which no spec describes"),
    ],
)
def test_evidence_for_something_unknown_is_refused(known, message, specs, evidence):
    with pytest.raises(SpecError, match=message):
        gate(replace(specs, **known), evidence, engine=Silent(), context=CONTEXT)


@pytest.mark.parametrize("section", ["metrics", "environment", "subject", "schema"])
def test_evidence_that_breaks_its_schema_is_refused(section, specs, evidence):
    del evidence[section]

    with pytest.raises(SpecError, match="breaks its schema"):
        gate(specs, evidence, engine=Silent(), context=CONTEXT)


def asking_when(specs: Specs, expression: str) -> Specs:
    rule = Rule("only", expression, None, "it is {context.now}", "")
    return replace(
        specs, policies={**specs.policies, "floor": Policy("floor", "", (MIN,), None, (rule,))}
    )


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ('timestamp(context.now) - timestamp("2026-11-01T00:00:00Z") <= duration("48h")', "pass"),
        ('timestamp(context.now) - timestamp("2026-11-01T00:00:00Z") <= duration("47h")', "fail"),
        ('context.stage == "gate" && context.environment == "staging"', "pass"),
        ("context.soak_hours >= 24", "error"),
        ("!has(context.soak_hours) || context.soak_hours >= 24", "pass"),
    ],
)
def test_a_policy_reads_what_is_known_besides_the_evidence(expression, verdict, specs, evidence):
    decision = gate(asking_when(specs, expression), evidence, engine=CelEngine(), context=CONTEXT)

    assert decision.gates[-1].rules[0].verdict == verdict
    assert "it is 2026-11-02T23:59:59Z" in decision.gates[-1].rules[0].message


def test_a_decision_says_all_that_made_it(specs, evidence):
    subject = evidence["subject"]
    known = Waiver("w", "floor", subject["model"], subject["candidate"], "known", TODAY)
    old = replace(known, name="old", expires=date(2026, 11, 1), rules=("floor",))
    foreign = replace(known, name="foreign", candidate="0" * 12)
    engine = CelEngine()
    specs = replace(specs, waivers=(foreign, old, known))
    decision = gate(specs, evidence, engine=engine, context=CONTEXT)

    assert (decision.model, decision.context) == (subject["model"], CONTEXT)
    assert decision.engine == engine.version
    assert decision.engine.startswith("cel-expr-python ")
    assert [(one.name, one.rules, one.holds) for one in decision.waivers] == [
        ("old", ("floor",), False),
        ("w", (), True),
    ]
    assert len({result.digest for result in decision.gates}) == 2  # the defaults are all alike


def test_many_are_judged_as_each_alone(specs, evidence):
    low = copy.deepcopy(evidence)
    low["metrics"]["roc_auc"] |= {"value": 0.5, "low": 0.49, "high": 0.51}
    asked = [(evidence, CONTEXT), (low, CONTEXT), ({**evidence, "environment": "mars"}, CONTEXT)]
    engine = CelEngine()
    *found, error = gate_all(specs, asked, engine=engine)

    assert found == [gate(specs, one, engine=engine, context=at) for one, at in asked[:2]]
    assert isinstance(error, SpecError)
    assert gate_all(specs, [], engine=engine) == ()


class CountingEngine(CelEngine):
    """Notes how many questions each batch has."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def evaluate(self, evidence: Any, questions: Any) -> tuple[Answer, ...]:
        self.batches.append(len(questions))
        return super().evaluate(evidence, questions)


def test_a_denial_is_explained_by_a_second_batch_about_that_rule_alone(specs, evidence):
    engine = CountingEngine()

    decision = gate(asking(specs, 0.7), evidence, engine=engine, context=CONTEXT)

    [finding] = decision.gates[-1].rules[0].findings
    assert (finding.source, finding.left, finding.operator, finding.right) == (
        "metrics.roc_auc.low", 0.6352, ">=", 0.7,
    )  # fmt: skip
    assert engine.batches[1:] == [3]
    assert all(rule.findings == () for one in decision.gates[:-1] for rule in one.rules)


def test_where_all_passes_nothing_more_is_asked(specs, evidence):
    engine = CountingEngine()

    gate(asking(specs, 0.6), evidence, engine=engine, context=CONTEXT)

    assert engine.batches[1:] in ([], [0])
