from __future__ import annotations

import pytest

from mlgitops.model.policy import Policy, Rule, Variable
from mlgitops.policies import unproven


@pytest.mark.parametrize(
    "expression",
    [
        "true",
        "(true)",
        "metrics.f1.low <= metrics.f1.low",
        "metrics.f1.n == metrics.f1.n",
        "metrics[params.metric].low <= metrics[params.metric].high",
        "metrics.f1.high >= metrics.f1.value",
        "comparison.f1.low <= comparison.f1.delta && comparison.f1.delta <= comparison.f1.high",
        "size(slices) >= 0",
        "slices.filter(s, s.judged).size() >= 0.0",
        "slices.all(s, s.metrics.f1.low <= s.metrics.f1.high)",
        "!slices.exists(s, !(s.n == s.n))",
        "variables.sure && (slices == slices)",
    ],
)
def test_what_is_never_false(expression: str) -> None:
    assert unproven.holds_always(expression, {"variables.sure"})


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "metrics.f1.low < metrics.f1.low",
        "metrics.f1.low < metrics.f1.high",
        "metrics.f1.high <= metrics.f1.low",
        "metrics.f1.low >= metrics.f1.value",
        "metrics.f1.low <= metrics.auc.high",
        "metrics.f1.low <= champion.metrics.f1.high",
        "metrics.f1.low <= metrics.f1.high && metrics.f1.n > 0",
        "metrics.f1.value == comparison.f1.delta",
        "low <= high",
        "size(slices) > 0",
        "size(slices) - 5 >= 0",
        "3 - slices.size() >= 0",
        "size(a) >= size(b)",
        "metrics.f1.low >= 0",
        "slices.exists(s, s.n == s.n)",
        "slices.all(s, s.n > 0)",
        "variables.unsure",
        "a == a ? b : c",
        "metrics.f1.low <= metrics.f1.high || a > b ? c : d",
        "(a",
    ],
)
def test_what_may_be_false(expression: str) -> None:
    assert not unproven.holds_always(expression, {"variables.sure"})


def lists(
    *passes: str,
    when: str | None = None,
    variables: dict[str, str] | None = None,
    fails: str | None = None,
) -> list[str]:
    """The lists of which nothing is asked but for each item, as they are marked in `pass`."""
    rules = tuple(Rule(f"r{n}", one, fails, "m", "do") for n, one in enumerate(passes))
    defined = tuple(Variable(*one) for one in (variables or {}).items())
    found = list(unproven.of_nothing(Policy("own", "", (), when, rules, defined)))
    for index, place in found:
        assert passes[index][place.at :].startswith(place.text)
    return [place.text for _, place in found]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("slices.all(s, s.n > 100)", "slices"),
        ("data.rows > 0 && !slices.exists(s, s.n < 100)", "slices"),
        ("slices.filter(s, s.judged).all(s, s.n > 100)", "slices.filter(s, s.judged)"),
        ("size(slices) > 0 && slices.filter(s, s.judged).all(s, s.n > 9)", "slices.filter(s, s.judged)"),
        ("keys(robustness).all(name, robustness[name].rows > 0)", "keys(robustness)"),
        ("ext.own.columns.all(c, c.ok)", "ext.own.columns"),
        ("slices.all(s, slices.exists_one(t, t.name == s.name))", "slices"),
        ("size(data.slices) > 0 && slices.all(s, s.n > 0)", "slices"),
    ],
)  # fmt: skip
def test_what_is_true_of_nothing(expression: str, found: str) -> None:
    assert lists(expression) == [found]


@pytest.mark.parametrize(
    "expression",
    [
        "size(slices) > 0 && slices.all(s, s.n > 100)",
        "slices != [] && slices.all(s, s.n > 100)",
        "slices.exists(s, s.judged) && slices.filter(s, s.judged).all(s, s.n > 100)",
        "size(slices) > 0 && slices.map(s, s.n).all(n, n > 100)",
        "robustness.noise.rows > 0 && keys(robustness).all(name, robustness[name].rows > 0)",
        "data.columns.all(c, slices.exists(s, s.name == c)) && size(data.columns) > 0 && slices.all(s, s.n > 0)",
        "slices == [] || slices.all(s, s.n > 100)",
        "slices.exists(s, s.n > 100)",
        "['a', 'b'].all(name, name in metrics)",
        "params.metrics.all(name, name in metrics)",
        "artifact.globals.all(g, g in params.allowed)",
    ],
)
def test_what_asks_for_an_item_or_needs_none(expression: str) -> None:
    assert lists(expression) == []


def test_any_condition_of_the_policy_may_ask_for_an_item() -> None:
    asked = "slices.all(s, s.n > 100)"

    assert lists(asked, "data.rows > 0") == ["slices"]
    assert lists(asked, asked) == ["slices"] * 2
    assert lists(asked, "size(slices) > 2") == []
    assert lists(asked, when="size(slices) > 2") == []


@pytest.mark.parametrize(
    "fails",
    [
        "size(slices) == 0",
        "slices.exists(s, s.n < 9) || slices.size() < 3",
        "(size(slices) <= params.few)",
        "slices == []",
    ],
)
def test_a_list_of_none_may_be_what_fails(fails: str) -> None:
    assert lists("slices.all(s, s.n > 100)", fails=fails) == []


@pytest.mark.parametrize(
    "fails",
    [
        "slices.exists(s, s.n <= 100)",
        "size(slices.filter(s, s.n <= 100)) > 0",
        "size(slices) == 1",
        "size(slices) > 0",
        "size(slices) == 0 && data.rows > 9.0",
        "size(data.slices) == 0",
        "data.rows == 0.0 ? true : size(slices) == 0",
    ],
)
def test_what_fails_by_its_items_says_nothing_of_none(fails: str) -> None:
    assert lists("slices.all(s, s.n > 100)", fails=fails) == ["slices"]


def test_adjusted_p_values_are_as_many_as_what_they_are_of() -> None:
    each = "holm(slices.map(s, p_worse(s.comparison.f1, 0.01))).all(p, p > 0.05)"

    assert lists(each) == ["holm(slices.map(s, p_worse(s.comparison.f1, 0.01)))"]
    assert lists(f"size(slices) > 0 && {each}") == []
    assert lists(f"size(data.columns) > 0 && {each}") != []
    assert lists(each, fails="size(slices) == 0") == []


def test_variables_are_looked_into() -> None:
    judged = {"judged": "slices.filter(s, s.judged)", "none": "params.names"}
    count = {**judged, "count": "size(variables.judged)"}
    asked = "variables.judged.all(s, s.n > 100)"

    assert lists(asked, variables=judged) == ["variables.judged"]
    assert lists(asked, variables=count) == ["variables.judged"]
    assert lists(asked, "variables.count > 0", variables=count) == []
    assert lists("variables.none.all(name, name in metrics)", variables=judged) == []


@pytest.mark.parametrize(
    ("expression", "ends"),
    [
        ("metrics.f1.high >= params.min", ["high"]),
        ("metrics[params.metric].high > 0.5", ["high"]),
        ("0.5 < comparison.f1.high", ["high"]),
        ("calibration.ece.low <= params.high", ["low"]),
        ("metrics.f1.n > 0 && metrics.f1.high >= 0.5 && metrics.mae.low < 3.0", ["high", "low"]),
        ("slices.all(s, s.judged && s.metrics.f1.high >= 0.5)", ["high"]),
        ("variables.it.high >= 0.5", ["high"]),
        ("metrics.f1.low >= 0.5 && comparison.f1.high >= 0.0", ["high"]),
        ("metrics.f1['high'] >= 0.5", ["high"]),
        ("variables.up >= 0.5", ["high"]),
        ("0.5 < variables.up && metrics[params.metric].low >= 0.0", ["high"]),
    ],
)
def test_the_favourable_end_is_no_proof(expression: str, ends: list[str]) -> None:
    known = {"it": "metrics[params.metric]", "up": "metrics.f1.high"}
    found = list(unproven.favourable(expression, known))

    assert [one.name for one in found] == ends
    for one in found:
        assert one.text in (one.name, "variables.up")
        assert expression[one.at :].startswith(one.text)


@pytest.mark.parametrize(
    "expression",
    [
        "metrics.f1.low >= params.min",
        "metrics.mae.high <= params.max",
        "metrics.f1.low >= params.min && metrics.f1.low <= 1.0",
        "metrics.f1.low <= metrics.f1.high",
        "leakage.shuffled.comparison.low <= params.share * leakage.shuffled.candidate.delta",
        "!slices.exists(s, s.metrics.f1.low < params.min)",
        "size(slices.filter(s, s.metrics.f1.low < params.min)) == 0",
        "!(metrics.f1.low <= params.min)",
        "metrics.f1.low <= 0.5 || data.rows > 1000.0",
        "metrics.f1.low <= 0.5 ? data.rows > 1000.0 : true",
        "ext.weather.high >= 30.0",
        "ext.weather.days.all(d, d.high >= 30.0)",
        "variables.weather.high >= 30.0",
        "params.high >= 30.0",
        "high >= 0.5",
    ],
)
def test_the_other_end_and_what_is_asked_in_reverse_are_right(expression: str) -> None:
    assert list(unproven.favourable(expression, {"weather": "ext.weather"})) == []
