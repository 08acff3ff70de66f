from __future__ import annotations

import pytest

from mlgitops.model.policy import LIMITS, Limit, LimitKind, Parameter, Policy, Rule, Variable


@pytest.mark.parametrize(
    ("passes", "when", "message", "asks"),
    [
        ("timestamp(context.now) > timestamp(data.window.last)", None, "", True),
        ("true", 'context.stage == "promote"', "", True),
        ("true", None, "it is {context.now}", True),
        ("true", "champion != null", "", False),
        ("ext.contexts > 1.0", None, "", False),
    ],
)
def test_a_policy_asks_for_the_time_where_it_names_the_context(
    passes: str, when: str | None, message: str, asks: bool
) -> None:
    rule = Rule("only", passes, None, message, "")

    assert Policy("own", "", (), when, (rule,)).asks_for_context is asks


def test_a_policy_asks_for_the_time_by_a_variable_too() -> None:
    rule = Rule("only", "variables.late", None, "", "")
    late = Variable("late", 'context.now > "2026"')

    assert Policy("own", "", (), None, (rule,), (late,)).asks_for_context


@pytest.mark.parametrize(
    ("kind", "words", "admitted"),
    [
        ("minimum", "at least 1", (1.0, 2.0)),
        ("exclusiveMinimum", "more than 1", (2.0,)),
        ("maximum", "at most 1", (0.0, 1.0)),
        ("exclusiveMaximum", "less than 1", (0.0,)),
    ],
)
def test_a_limit_admits_what_is_on_its_side(
    kind: LimitKind, words: str, admitted: tuple[float, ...]
) -> None:
    limit = Limit(kind, 1.0)

    assert tuple(one for one in (0.0, 1.0, 2.0, float("nan")) if limit.admits(one)) == admitted
    assert str(limit) == words
    assert kind in LIMITS


def test_a_parameter_tells_the_first_limit_that_a_number_passes() -> None:
    low, high = Limit("minimum", 0.0), Limit("exclusiveMaximum", 1.0)
    share = Parameter("share", "number", None, (low, high))

    assert [share.passed(one) for one in (-0.1, 0.0, 0.9, 1)] == [low, None, None, high]
