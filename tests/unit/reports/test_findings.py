from __future__ import annotations

from typing import Any

import pytest

from mlgitops.model.verdict import Finding
from mlgitops.reports.findings import sentence


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        (Finding("x", "comparison.f1.low", -0.021, ">=", -0.01),
         "comparison.f1.low is \N{MINUS SIGN}0.0210, at least \N{MINUS SIGN}0.0100 is asked"),
        (Finding("x", "metrics.f1.high", 0.5, "<=", 0.25),
         "metrics.f1.high is 0.5000, at most 0.2500 is asked"),
        (Finding("x", "a.n", 26412.0, "==", 30000.0), "a.n is 26,412, 30,000 is asked"),
        (Finding("x", "a.n", 0.0, ">", 0.0), "a.n is 0, more than 0 is asked"),
        (Finding("x", "a.n", 5.0, "<", 5.0), "a.n is 5, less than 5 is asked"),
        (Finding("x", "champion", None, "!=", None), "champion is null, anything but null is asked"),
        (Finding("x", "a.xs", ["b", "c"], "==", []), "a.xs is b, c, none is asked"),
        (Finding("x", '"d"', "d", "in", ["b", "c"]), '"d" is d, one of b, c is asked'),
        (Finding("x", "a.ok", False, "==", True), "a.ok is false, true is asked"),
        (Finding("x", "card.licence", "", "in", ["b"]), 'card.licence is "", one of b is asked'),
        (Finding("a || b"), "a || b is not true"),
        (Finding("a.b > 1", error="no such key: b"), "a.b > 1 cannot be judged: no such key: b"),
        (Finding("xs.all(x, x.a)", "xs", offenders=("p", "q"), offending=2, items=9),
         "2 of 9 items in xs: p, q (asked of each: xs.all(x, x.a))"),
        (Finding("c", "variables.harm", offending=2, items=50),
         "2 of 50 items in variables.harm (asked of each: c)"),
        (Finding("c", "xs", offenders=tuple("abcdefghij"), offending=12, items=12),
         "12 of 12 items in xs: a, b, c, d, e, f, g, h, i, j and 2 more (asked of each: c)"),
    ],
)  # fmt: skip
def test_a_finding_is_one_sentence_with_value_and_threshold(finding: Finding, told: str):
    assert sentence(finding) == told


@pytest.mark.parametrize("value", [1e300, 1e-300, -0.0, "text", {"a": 1}, [1.5, None]])
def test_any_value_can_be_told(value: Any):
    assert sentence(Finding("x", "a", value, "~", value))
