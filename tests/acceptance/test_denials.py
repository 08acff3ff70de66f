"""What a gate of the pack says when it does not open: over every such case of its tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.policy import Policy
from mlgitops.model.verdict import Finding, GateResult, RuleResult, Verdict
from mlgitops.policies import explanations
from mlgitops.policies.engine import gate_result
from mlgitops.policies.testing import Trial
from mlgitops.spec.readings import SECTIONS
from tests.fakes.decisions import of_gates

REFUSED = frozenset({"fail", "inconclusive", "error"})
Denied = tuple[Trial, GateResult]


def explained(trial: Trial, engine: Any) -> GateResult:
    """What the gate says of *trial*, as `mlgitops gate` explains it."""
    gate = gate_result(trial.bound, engine.evaluate(trial.variables, trial.questions))
    decision = of_gates(
        gate.verdict, gate, environment="staging", candidate="candidate", evidence="sha256:e"
    )
    asked = explanations.questions((trial.bound,), decision)
    answers = engine.evaluate(trial.variables, asked)
    return explanations.explained((trial.bound,), decision, answers).gates[0]


@pytest.fixture(scope="module")
def denials(builtin_trials: Mapping[str, tuple[Trial, ...]], engine: Any) -> list[Denied]:
    trials = [trial for of_policy in builtin_trials.values() for trial in of_policy]
    denied = [trial for trial in trials if trial.case.expected.verdict in REFUSED]
    return [(trial, explained(trial, engine)) for trial in denied]


def rules_of(denials: list[Denied]) -> list[tuple[str, Trial, RuleResult]]:
    """Every rule that does not pass, with a name for the assertion; `when` is none."""
    return [
        (f"{gate.policy}, {trial.case.name}: {rule.rule}", trial, rule)
        for trial, gate in denials
        for rule in gate.rules
        if rule.verdict is not Verdict.PASS and rule.rule != "when"
    ]


def test_every_policy_is_denied_in_every_rule(denials, builtin_trials):
    wanted = {
        (name, rule.id)
        for name, trials in builtin_trials.items()
        for rule in trials[0].bound.policy.rules
    }

    assert {
        (gate.policy, rule.rule)
        for _, gate in denials
        for rule in gate.rules
        if rule.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)
    } == wanted
    assert len(denials) >= 300


def test_every_denial_says_what_to_do(denials):
    silent = [name for name, _, rule in rules_of(denials) if not rule.remediation.endswith(".")]

    assert silent == []


def test_every_message_of_a_judged_rule_is_complete(denials):
    gaps = [
        f"{name}: {rule.message}"
        for name, _, rule in rules_of(denials)
        if rule.verdict is not Verdict.ERROR and re.search(r"\?|[{}]", rule.message)
    ]

    assert gaps == []


def is_told(trial: Trial, rule: RuleResult, finding: Finding) -> bool:
    """Whether *finding* says where it looked, and what is there or why nothing is known of it."""
    [one] = [each for each in trial.bound.policy.rules if each.id == rule.rule]
    sections = re.findall(r"\w+", finding.expression)
    # A condition on what the gate was given, such as a list without entries, reads no section.
    is_placed = bool(set(SECTIONS) & set(sections)) or "params." in one.passes
    if finding.error or finding.offenders or not (finding.operator or finding.source):
        return is_placed
    if "timestamp(" in finding.expression:
        # Times and durations are no JSON: the message has them in days or hours.
        return is_placed and bool(re.search(r"\d", rule.message))
    is_type = finding.source.startswith("type(")  # a type is no JSON either
    return is_placed and bool(finding.source) and (is_type or finding.left is not None)


def test_every_denial_names_its_source_and_its_values(denials):
    found = rules_of(denials)

    assert [name for name, _, rule in found if not rule.findings] == []
    assert [
        f"{name}: {finding}"
        for name, trial, rule in found
        for finding in rule.findings
        if not is_told(trial, rule, finding)
    ] == []


def test_every_error_says_what_could_not_be_judged(denials):
    errors = [(name, rule) for name, _, rule in rules_of(denials) if rule.verdict is Verdict.ERROR]

    assert [name for name, rule in errors if "not judged: " not in rule.message] == []
    assert [name for name, rule in errors if not any(one.error for one in rule.findings)] == []
    assert len(errors) >= 50


def written_out(policy: Policy, text: str) -> str:
    """*text* with the expressions of the variables that it reads."""
    known = {one.name: one.expression for one in policy.variables}
    read = [known[name] for name in re.findall(r"\bvariables\.(\w+)", text)]
    return " ".join([text, *(written_out(policy, one) for one in read)])


def test_a_threshold_that_is_a_parameter_is_in_the_message(denials):
    """A number that a rule compares with is one that its message shows, in some format."""
    hidden = []
    for name, trial, rule in rules_of(denials):
        if rule.verdict is Verdict.ERROR:
            continue
        [one] = [each for each in trial.bound.policy.rules if each.id == rule.rule]
        policy = trial.bound.policy
        conditions = written_out(policy, f"{one.passes} {one.fails or ''}")
        hidden += [
            f"{name}: {parameter.name}"
            for parameter in policy.parameters
            if parameter.type == "number"
            and f"params.{parameter.name}" in conditions
            and f"params.{parameter.name}" not in written_out(policy, one.message)
        ]

    assert sorted(set(hidden)) == []


def test_another_process_says_the_same(builtin_trials):
    """Two children go through maps in orders of their own; no word may depend on it."""
    trials = [trial for of_policy in builtin_trials.values() for trial in of_policy]
    asked = [(trial.variables, trial.questions) for trial in trials]

    first, second, third = (CelEngine(timeout_s=60).evaluate_many(asked) for _ in range(3))

    assert first == second
    assert second == third
