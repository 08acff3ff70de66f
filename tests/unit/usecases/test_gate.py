from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import (
    Environment,
    Evaluate,
    Features,
    ForgeAddress,
    Gate,
    Parameter,
    Pipeline,
    Policy,
    Project,
    RegistryAddress,
    Rule,
    Specs,
    Train,
    Waiver,
)
from mlgitops.model.verdict import Answer, Verdict
from mlgitops.policies.binding import ALWAYS_ON
from mlgitops.spec.load import no_evidence
from mlgitops.usecases.gate import gate

EVIDENCE = Path(__file__).parents[2] / "data" / "evidence.json"
TODAY = date(2026, 11, 2)
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
    decision = gate(asking(specs, minimum), evidence, engine=CelEngine(), today=TODAY)

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

    def verdict(today: date) -> Verdict:
        return gate(specs, evidence, engine=CelEngine(), today=today).verdict

    assert verdict(TODAY) is Verdict.PASS
    assert verdict(date(2026, 11, 3)) is Verdict.FAIL


def test_an_engine_that_knows_nothing_gives_an_error(specs, evidence):
    decision = gate(specs, evidence, engine=Silent(), today=TODAY)

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
        gate(replace(specs, **known), evidence, engine=Silent(), today=TODAY)


@pytest.mark.parametrize("section", ["metrics", "environment", "subject", "schema"])
def test_evidence_that_breaks_its_schema_is_refused(section, specs, evidence):
    del evidence[section]

    with pytest.raises(SpecError, match="breaks its schema"):
        gate(specs, evidence, engine=Silent(), today=TODAY)
