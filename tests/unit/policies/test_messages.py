from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.verdict import Answer
from mlgitops.policies.messages import fields, fill


def value(found: object) -> Answer:
    return Answer("value", found)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", ()),
        ("{a}", ("a",)),
        ("{ a.b } and {c:.4f}", ("a.b", "c")),
        ("{x ? y : z}", ("x ? y : z",)),
        ("{x ? y : z:.2f}", ("x ? y : z",)),
        ("{ {'a': 1}['a'] }", ("{'a': 1}['a']",)),
        ("{size('}')}", ("size('}')",)),
        (r"{'\'}' + a}", (r"'\'}' + a",)),
        ("{{a}} {b}", ("b",)),
        ("{a", ()),
        ("a}", ()),
        ("{'a}", ()),
    ],
)
def test_fields_are_the_expressions_between_braces(template, expected):
    assert fields(template) == expected


@pytest.mark.parametrize(
    ("template", "found", "text"),
    [
        ("{a}", 0.64312345, "0.6431"),
        ("{a}", -0.0374349, "-0.03743"),
        ("{a}", 12345.678, "12345.7"),
        ("{a}", 26412.0, "26412"),
        ("{a}", -0.5, "-0.5"),
        ("{a:.4f}", 0.5, "0.5000"),
        ("{a:.2%}", 0.0123, "1.23%"),
        ("{a:.3g}", 1234.5, "1.23e+03"),
        ("{a:,}", 26412.0, "26,412"),
        ("{a:,.1f}", 26412, "26,412.0"),
        ("{a:.4f}", "x", "?"),
        ("{a:.4f}", True, "?"),
        ("{a:.4f}", None, "?"),
        ("{a}", None, "none"),
        ("{a}", True, "true"),
        ("{a}", False, "false"),
        ("{a}", "dep_delay", "dep_delay"),
        ("{a}", ["x", 1.0], "x, 1"),
        ("{a}", [], "none"),
        ("{a}", {}, "none"),
        ("{a}", {"k": [1.5]}, "k: 1.5"),
        ("{a}", [{"k": 0.25}, {"l": 1.0}], "k: 0.25, l: 1"),
        ("{a}", [float(n) for n in range(12)], "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and 2 more"),
        ("{{{a}}}", 1, "{1}"),
        ("{a", 1, "{a"),
        ("100% {a}!", 1, "100% 1!"),
    ],
)
def test_values_are_written_for_people(template, found, text):
    assert fill(template, [value(found)]) == text


def test_an_error_shows_a_question_mark():
    answers = [Answer("error", None, "no such key"), value(1)]

    assert fill("{a} of {b}", answers) == "? of 1"


def test_a_long_value_is_cut():
    shown = fill("{a}", [value("x" * 1000)])

    assert len(shown) == 200
    assert shown.endswith("…")


def test_text_from_data_is_never_a_template():
    assert fill("{a}", [value("{b} %s {0}")]) == "{b} %s {0}"


@given(st.text(alphabet="{}'\"\\ab:.4f,%", max_size=40))
def test_any_template_can_be_filled(template):
    filled = fill(template, [value(1.0)] * len(fields(template)))

    assert isinstance(filled, str)
