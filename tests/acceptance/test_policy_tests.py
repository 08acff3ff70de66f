"""The built-in policies against their own tests: covered, hard to fool, and never mute."""

from __future__ import annotations

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.policy import Policy
from mlgitops.model.policy_report import PolicyReport
from mlgitops.model.spec import Kind
from mlgitops.model.verdict import Verdict
from mlgitops.policies import explanations, testing
from mlgitops.reports.findings import sentence
from mlgitops.spec.bundled import folder
from mlgitops.spec.documents import Documents
from mlgitops.spec.load import load_pack, read_builtin, read_builtin_tests
from mlgitops.usecases.policy_cases import prepared
from mlgitops.usecases.policy_lint import lint
from mlgitops.usecases.policy_test import Order, run
from tests.fakes.decisions import of_gates

NAMES = sorted(file.stem for file in folder("policies").glob("*.yaml"))
LEAST_SCORE = 0.95


@pytest.fixture(scope="module")
def pack() -> Documents:
    return load_pack()


@pytest.fixture(scope="module")
def reports(pack: Documents) -> dict[str, PolicyReport]:
    order = Order(is_builtin=True, is_mutating=True)
    return {one.policy: one for one in run(pack, order, CelEngine(), lambda _: None)}


@pytest.mark.parametrize("name", NAMES)
def test_every_built_in_policy_is_tested_from_every_side(
    name: str, reports: dict[str, PolicyReport]
) -> None:
    report = reports[name]

    assert report.unexpected == ()
    assert report.uncovered == ()
    assert report.mutants > 0
    assert report.score >= LEAST_SCORE, report.survivors


@pytest.mark.parametrize("name", NAMES)
def test_the_test_of_a_policy_is_called_like_it(name: str) -> None:
    text = (folder("policies") / "tests" / f"{name}.yaml").read_text(encoding="utf-8")

    assert text.startswith("# yaml-language-server: $schema=../../schemas/policytest.schema.json\n")
    assert f"\nmetadata: {{name: {name}}}\nspec:\n  policy: {name}\n" in text


def test_the_pack_gives_no_cause_for_a_finding(pack: Documents) -> None:
    texts = read_builtin() | read_builtin_tests()

    found = lint(pack, texts, (), CelEngine())

    assert [(one.code, one.span) for one in found] == []


def test_every_denial_says_which_conditions_are_not_met(pack: Documents) -> None:
    engine, told = CelEngine(), 0
    trials = []
    for test in pack.of(Kind.POLICY_TEST):
        policy = pack.named(Kind.POLICY)[test.at("spec", "policy")].spec
        assert isinstance(policy, Policy)
        trials += prepared(test, policy, lambda _: None)
    answers = engine.evaluate_many([(one.variables, one.questions) for one in trials])
    judged = [
        (trial, of_gates(gate.verdict, gate, environment="staging", candidate="c", evidence="e"))
        for trial, given in zip(trials, answers, strict=True)
        if (gate := testing.result(trial, given).gate).applies
    ]
    asked = [(one.variables, explanations.questions((one.bound,), made)) for one, made in judged]
    for (trial, made), given in zip(judged, engine.evaluate_many(asked), strict=True):
        [gate] = explanations.explained((trial.bound,), made, given).gates
        for rule in gate.rules:
            if rule.verdict is Verdict.PASS or rule.rule == "when":
                assert rule.findings == ()
                continue
            assert rule.findings, (gate.policy, trial.case.name, rule.rule)
            assert all(sentence(finding) for finding in rule.findings)
            told += 1
    assert told > 80
