from __future__ import annotations

import pytest

from mlgitops.model.policy import Parameter, Policy, Rule, Variable
from mlgitops.policies import linting
from mlgitops.spec.evidence_shape import may_lack


def kinds(expression: str) -> list[str]:
    return [smell.kind for smell in linting.smells(expression, may_lack, {})]


def rule(passes: str, fails: str | None = None, message: str = "m") -> Rule:
    return Rule("only", passes, fails, message, "do")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("metrics.f1.low >= 0.5 || true", True),
        ("metrics[params.metric].low > 0.1 || data.rows > 10.0", True),
        ("data.rows > 10.0 || metrics['f1'].low > 0.1", True),
        ("data.rows > 10.0 || inputs.seed == 7.0", False),
        ("has(metrics.f1) || data.rows > 1.0", False),
        ("!('f1' in metrics) || metrics.f1.low > 0.1 || data.rows > 10.0", False),
        ("xs.all(x, x.status == 'passed' || x.severity == 'info')", False),
        ("data.rows > 1.0 && metrics.f1.low > 0.1", False),
    ],
)
def test_an_error_can_hide_behind_what_sound_evidence_may_lack(expression: str, found: bool):
    assert ("hidden-error" in kinds(expression)) is found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("metrics.f1.value >= params.min", True),
        ("0.5 < metrics[params.metric].value", True),
        ("comparison.f1.delta > 0.0", True),
        ("slices.all(s, s.metrics.f1.value > 0.1)", True),
        ("metrics.f1.low <= metrics.f1.value", False),
        ("metrics.f1.value == 1.0", False),
        ("metrics.f1.low >= params.min", False),
        ("data.rows >= 10.0", False),
    ],
)
def test_a_value_is_not_to_be_judged_alone(expression: str, found: bool):
    assert ("no-interval" in kinds(expression)) is found


@pytest.mark.parametrize(
    ("expression", "found"),
    [("!!a", True), ("!(!a)", True), ("!(a != b)", True), ("!(a == b)", False), ("!a", False),
     ("!(!a || b)", False), ("!(a && b != c)", False), ("!", False), ("!()", False)],
)  # fmt: skip
def test_two_negations_say_nothing(expression: str, found: bool):
    assert ("double-negation" in kinds(expression)) is found


def test_a_smell_stands_where_it_says():
    [smell] = linting.smells("  a.value > 0.1", may_lack, {})

    assert (smell.at, smell.text) == (10, ">")


@pytest.mark.parametrize(
    ("passes", "found"),
    [("a.low >= params.min", True), ("params.max >= a.high", True), ("a.low <= a.value", False),
     ("a.n > 0.0", False), ("a.low == 1.0", False)],
)  # fmt: skip
def test_a_rule_judges_an_interval_where_an_end_meets_a_threshold(passes: str, found: bool):
    assert linting.judges_interval(rule(passes)) is found


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (rule("a > params.used"), ("unused",)),
        (rule("a > params.used", "a < params.unused"), ()),
        (rule("a > params.used", message="{params.unused:.2f}"), ()),
        (rule('a > params["used"]'), ()),
        (rule("a > 1 && b.params.used"), ("used", "unused")),
    ],
)
def test_parameters_that_nothing_reads(one: Rule, found: tuple[str, ...]):
    declared = (Parameter("used", "number", 1.0), Parameter("unused", "number", 1.0))

    assert linting.unused_parameters(Policy("own", "", declared, None, (one,))) == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [("variables.it.low > 0.1 || data.rows > 10.0", True), ("variables.rows > 1.0 || data.rows > 1.0", False),
     ("variables.other.low > 0.1 || true", False)],
)  # fmt: skip
def test_an_error_can_hide_behind_what_a_variable_looks_up(expression: str, found: bool):
    paths = {"it": "metrics[params.metric]", "rows": "data.rows"}

    kinds = [smell.kind for smell in linting.smells(expression, may_lack, paths)]

    assert ("hidden-error" in kinds) is found


def test_a_variable_is_used_where_any_expression_reads_it_and_reads_parameters_itself():
    variables = tuple(
        Variable(name, expression)
        for name, expression in [
            ("a", "params.x"),
            ("b", "variables.a"),
            ("c", "1.0"),
            ("d", "2.0"),
        ]
    )
    one = rule("variables.b > 0.0", message="{variables.c}")
    policy = Policy("own", "", (Parameter("x", "number", None),), None, (one,), variables)

    assert linting.unused_variables(policy) == ("d",)
    assert linting.unused_parameters(policy) == ()
