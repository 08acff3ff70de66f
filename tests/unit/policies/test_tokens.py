from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.policies.tokens import beside, is_balanced, tokens


def texts(expression: str) -> list[str]:
    return [token.text for token in tokens(expression)]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a.b >= -1.5e-3", ["a", ".", "b", ">=", "-", "1.5e-3"]),
        ('x == "a && b" || y', ["x", "==", '"a && b"', "||", "y"]),
        (r'x == "a\" && b"', ["x", "==", r'"a\" && b"']),
        (r"r'\' == x", [r"r'\'", "==", "x"]),
        ("'''a 'b' && c''' in xs", ["'''a 'b' && c'''", "in", "xs"]),
        ("a // b && c\n&& d", ["a", "&&", "d"]),
        ("inner in index", ["inner", "in", "index"]),
        ("0x1F + .5 + 12u", ["0x1F", "+", ".5", "+", "12u"]),
        ("a.`b-c`", ["a", ".", "`b-c`"]),
    ],
)
def test_words_are_those_of_the_language(expression: str, found: list[str]):
    assert texts(expression) == found


def test_a_bracket_has_the_depth_outside_of_it():
    assert [(t.text, t.depth) for t in tokens("f(a[0])")] == [
        ("f", 0), ("(", 0), ("a", 1), ("[", 1), ("0", 2), ("]", 1), (")", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "answer"),
    [("f(a[0], {1: 2})", True), ("", True), ("(a", False), ("a)", False), ("(a]", False),
     ('"open', False), ("a # b", False)],
)  # fmt: skip
def test_balance(expression: str, answer: bool):
    assert is_balanced(tokens(expression)) is answer


@given(st.text(alphabet="ab1.&|!<>=()[]{}'\"\\`/?:, \n#µ"))
def test_every_text_is_read_and_every_token_stands_where_it_says(expression: str):
    for token in tokens(expression):
        assert expression[token.start : token.end] == token.text


def test_operands_end_at_their_bracket_or_the_next_operator():
    found = tokens("a && xs.all(x, x.b < c.d[0] + 1 || e) && f")
    at = [token.text for token in found].index("<")

    left, right = beside(found, at, {"||", "&&", ","})

    assert "".join(token.text for token in left) == "x.b"
    assert "".join(token.text for token in right) == "c.d[0]+1"
