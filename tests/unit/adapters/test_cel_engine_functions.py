from __future__ import annotations

from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.adapters.cel_engine.functions import MOST_P_VALUES
from mlgitops.model.claims import holm, p_better, p_worse
from mlgitops.model.verdict import Answer, Question

COMPARISON = {"delta": -0.021, "se": 0.01, "df": 24_301, "low": -0.04, "high": 0.0, "n": 24_302}
EVIDENCE: dict[str, Any] = {
    "comparison": {"roc_auc": COMPARISON, "bad": {"delta": 0.1, "se": -1, "df": 0}},
    "slices": [
        {"comparison": {"roc_auc": {"delta": delta, "se": 0.01, "df": 0}}}
        for delta in (0.01, -0.03, -0.02)
    ],
    "none": None,
    "numbers": [0.01, 0.04, 0.03],
    "words": ["a"],
}


def ask(*expressions: str, **parameters: Any) -> list[Answer]:
    return list(CelEngine().evaluate(EVIDENCE, [Question(one, parameters) for one in expressions]))


def test_p_values_are_those_of_the_claims() -> None:
    worse, better = ask(
        "p_worse(comparison.roc_auc, params.margin)", "p_better(comparison.roc_auc, 0.0)", margin=0
    )

    assert worse.value == p_worse(COMPARISON, 0.0)
    assert better.value == p_better(COMPARISON, 0.0)


def test_slices_that_are_shown_to_be_harmed_after_holm() -> None:
    harmed = "holm(slices.map(s, p_worse(s.comparison.roc_auc, params.margin)))"
    values, some, none = ask(
        harmed, f"{harmed}.exists(p, p < 0.05)", f"{harmed}.all(p, p >= 0.05)", margin=0.005
    )

    single = [p_worse(s["comparison"]["roc_auc"], 0.005) for s in EVIDENCE["slices"]]
    assert values.value == holm(single)
    assert some.is_true
    assert not none.is_true


def test_holm_of_a_list_of_the_evidence() -> None:
    [answer] = ask("holm(numbers)")

    assert answer.value == holm(EVIDENCE["numbers"])


def test_the_keys_of_a_map_come_in_order() -> None:
    keys, long, none = ask("keys(params.few)", "keys(params.many)", "keys(params.empty)",
                           few={"b": 1, "a": 2}, many=dict.fromkeys("hgfedcba", 1), empty={})  # fmt: skip

    assert keys.value == ["a", "b"]
    assert long.value == list("abcdefgh")
    assert none.value == []


@pytest.mark.parametrize("expression", ["keys(numbers)", "keys(none)", "keys(words[0])"])
def test_what_is_no_map_has_no_keys(expression: str) -> None:
    [answer] = ask(expression)

    assert answer.kind == "error"


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("p_worse(comparison.none, 0.1) > 0.0", "Key not found"),
        ("p_worse(comparison.bad, 0.1) > 0.0", "not negative"),
        ("p_worse(comparison, 0.1) > 0.0", "the comparison has no delta"),
        ("p_better(none, 0.1) > 0.0", "No matching overloads"),
        ("p_better(comparison.roc_auc, comparison.roc_auc) > 0.0", "No matching overloads"),
        ("p_better(comparison.roc_auc, 1e200 * 1e200) > 0.0", "not a finite number"),
        ("holm(words) == []", "a p-value is not a number"),
        ("holm([0.5, 1.5]) == []", "outside 0..1"),
        ("holm(numbers + [none]) == []", "a p-value is not a number"),
        ("holm(params.many) == []", f"{MOST_P_VALUES + 1:,} p-values"),
    ],
)
def test_what_has_no_p_value_is_an_error_that_says_why(expression: str, why: str) -> None:
    [answer] = ask(expression, many=[0.5] * (MOST_P_VALUES + 1))

    assert answer.kind == "error"
    assert why in answer.error


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("p_worse(comparison.roc_auc, '0.1') > 0.0", "`p_worse` does not take (dyn, string)"),
        ("p_worse(comparison.roc_auc, 1) > 0.0", "`p_worse` does not take (dyn, int)"),
        ("p_better([1.0], 0.1) > 0.0", "`p_better` does not take (list(double), double)"),
        ("p_better(comparison.roc_auc) > 0.0", "`p_better` takes a comparison and a margin"),
        ("comparison.roc_auc.p_worse(0.1) > 0.0", "`p_worse` takes a comparison and a margin"),
        ("holm(0.1, 0.2) == []", "`holm` takes a list of p-values"),
        ("holm(0.5) == []", "`holm` does not take (double)"),
        ("holm(['a']) == []", "`holm` does not take (list(string))"),
        ("keys([1.0]) == []", "`keys` does not take (list(double))"),
        ("keys() == []", "`keys` takes a map"),
    ],
)
def test_wrong_types_are_refused_before_there_is_evidence(expression: str, message: str) -> None:
    [compiled] = CelEngine().compile(EVIDENCE, [expression])

    assert [(flaw.kind, flaw.message) for flaw in compiled.flaws] == [("type", message)]
