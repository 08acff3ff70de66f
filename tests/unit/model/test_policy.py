from __future__ import annotations

import pytest

from mlgitops.model.policy import Policy, Rule, Variable


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
