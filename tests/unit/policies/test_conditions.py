from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.policies.conditions import (
    Comparison,
    Quantified,
    comparison,
    conjuncts,
    disjuncts,
    filled,
    is_path,
    quantified,
)

CEL = st.text(alphabet="ab.&|!<=()[]'\",?: \n1", max_size=30)


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("a", ("a",)),
        ("a && b\n  && c", ("a", "b", "c")),
        ("(a && b) && c", ("a", "b", "c")),
        ("((a && b))", ("a", "b")),
        ("(a) && (b)", ("(a)", "(b)")),
        ("a && b || c", ("a && b || c",)),
        ("a && (b || c)", ("a", "(b || c)")),
        ("a && b ? c : d", ("a && b ? c : d",)),
        ('a == "x && y" && b', ('a == "x && y"', "b")),
        ("xs.all(x, x.a && x.b) && c", ("xs.all(x, x.a && x.b)", "c")),
        ("a // b && c\n&& d", ("a", "d")),
        ("a && (b", ("a && (b",)),
        ("a && ", ("a &&",)),
        ("", ("",)),
        ("()", ("()",)),
    ],
)
def test_a_condition_is_split_where_all_parts_have_to_hold(expression: str, parts: tuple[str, ...]):
    assert conjuncts(expression) == parts


@pytest.mark.parametrize(
    ("conjunct", "found"),
    [
        ("a.low >= -params.margin", Comparison("a.low", ">=", "-params.margin")),
        ("(a.low >= 0)", Comparison("a.low", ">=", "0")),
        ("0.5 <= metrics.f1.low", Comparison("metrics.f1.low", ">=", "0.5")),
        ("params.min < a.high", Comparison("a.high", ">", "params.min")),
        ("0 == a.b", Comparison("a.b", "==", "0")),
        ('"x" in a.b', Comparison('"x"', "in", "a.b")),
        ("size(a) > 0", Comparison("size(a)", ">", "0")),
        ("a == b == c", Comparison("c", "==", "a == b")),
        ("!(a < b)", None),
        ("a < b || c", None),
        ("a < b && c", None),
        ("a ? b < c : d", None),
        ("a.b", None),
        ("< a", None),
        ("(a < b", None),
    ],
)
def test_a_comparison_has_the_evidence_on_its_left(conjunct: str, found: Comparison | None):
    assert comparison(conjunct) == found


@pytest.mark.parametrize(
    ("conjunct", "found"),
    [
        ("xs.all(x, x.a > 0)", Quantified("xs", "x", "!(x.a > 0)")),
        ("(a.xs.all(x, x.a || f(x, 1)))", Quantified("a.xs", "x", "!(x.a || f(x, 1))")),
        ("!xs.exists(x, x.a < 0)", Quantified("xs", "x", "x.a < 0")),
        ("xs.filter(x, x.n > 0).all(y, y.a)", Quantified("xs.filter(x, x.n > 0)", "y", "!(y.a)")),
        ("xs.exists(x, x.a)", None),
        ("!xs.all(x, x.a)", None),
        ("xs.all(x, x.a) == true", None),
        ("xs.all(x)", None),
        ("all(x, y)", None),
        ("a || xs.all(x, x.a)", None),
        ("xs[0]", None),
        ("xs.all(x, x.a", None),
    ],
)
def test_what_is_asked_of_each_item_names_who_breaks_it(conjunct: str, found: Quantified | None):
    assert quantified(conjunct) == found


@given(CEL)
def test_any_text_can_be_taken_apart(expression: str):
    for part in conjuncts(expression):
        comparison(part)
        quantified(part)
        filled(part, {"a": "b"})


@pytest.mark.parametrize(
    ("expression", "answer"),
    [("a.b[0].c", True), ('a["x"].b', True), ("a[params.x].b", True), ("size(a)", False),
     ("params.x", False), ("list", False), ("1.0", False), ("-a.b", False), ("true", False), ("", False)],
)  # fmt: skip
def test_a_path_only_looks_something_up(expression: str, answer: bool):
    assert is_path(expression) is answer


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("comparison[params.metric].low", "comparison.roc_auc.low"),
        ("metrics['roc_auc'] .low", "metrics.roc_auc .low"),
        ('a["b c"].d', 'a["b c"].d'),
        ("a.low >= -params.margin\n  && b", "a.low >= -0.01 && b"),
        ("x == params.metric", 'x == "roc_auc"'),
        ("params.unknown + a.params.metric", "params.unknown + a.params.metric"),
        ("a[params.margin]", "a[0.01]"),
    ],
)
def test_parameters_are_filled_in(expression: str, text: str):
    assert filled(expression, {"metric": "roc_auc", "margin": 0.01}) == text


def test_a_list_is_filled_in_unless_it_is_long():
    expression = "f in params.few && f in params.many"

    text = filled(expression, {"few": ["a", "b", "c"], "many": ["a", "b", "c", "d"]})

    assert text == 'f in ["a", "b", "c"] && f in params.many'


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("a", ("a",)),
        ("a || b\n  || c", ("a", "b", "c")),
        ("a && b || c", ("a && b", "c")),
        ("(a || b) && c", ("(a || b) && c",)),
        ("a || b ? c : d", ("a || b ? c : d",)),
        ('a == "x || y" || b', ('a == "x || y"', "b")),
        ("a ||", ("a ||",)),
        ("(a || b", ("(a || b",)),
        ("", ("",)),
    ],
)
def test_each_disjunct_alone_makes_the_whole_true(expression: str, parts: tuple[str, ...]) -> None:
    assert disjuncts(expression) == parts
