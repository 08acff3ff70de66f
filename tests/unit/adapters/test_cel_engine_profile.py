"""Each limit of the profile, on both of its sides."""

from __future__ import annotations

import pytest

from mlgitops.adapters.cel_engine.checked_tree import Tree, read
from mlgitops.adapters.cel_engine.profile import (
    LONGEST_PATTERN,
    MOST_COMPREHENSIONS,
    MOST_ENTRIES,
    MOST_NODES,
    refusals,
    variables,
)


def tree(expression: str) -> Tree:
    from cel_expr_python import cel

    known = cel.NewEnv(
        variables=dict.fromkeys(["xs", "ys", "a", "params", "variables"], cel.Type.DYN)
    )
    return read(known.compile(expression).serialize())


def refused(expression: str) -> list[str]:
    return list(refusals(tree(expression)))


def conjuncts(count: int) -> str:
    """*count* constants with an operator between each two: 2 x *count* - 1 parts."""
    return "&&".join(["true"] * count)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (conjuncts(MOST_NODES // 2 + 1), "the expression has 401 parts, macros written out"),
        ("a * 2.0 > 1.0 / a", "division is not allowed"),
        ("7 % 2 == 1", "the remainder"),
        ("b'x' == b'x'", "bytes are not allowed"),
        ("3u == a", "unsigned integers are not allowed"),
        ("uint(a) == a", "unsigned integers are not allowed"),
        ("bytes(a) == bytes(a)", "bytes are not allowed"),
        ("a < 1e999", "a number is too large"),
        ("double(a) > 0.5", "`double` of a text"),
        ("double('nan') > 0.5", "`double` of a text"),
        ("timestamp(a).getDayOfWeek('Asia/Tokyo') == 1", "`getDayOfWeek` of a time zone"),
        ("a.matches(params.a)", "has to be written out"),
        ("matches(a, 'x' + 'y')", "has to be written out"),
        ("a.matches('" + "x" * (LONGEST_PATTERN + 1) + "')", "has 257 characters; 256"),
        ("[" + "1," * (MOST_ENTRIES + 1) + "] == a", "a list has 257 entries; 256"),
        (
            "{" + ",".join(f"{n}: 1" for n in range(MOST_ENTRIES + 1)) + "} == a",
            "a map has 257 entries; 256",
        ),
        ("google.protobuf.BoolValue{} == true", "messages such as google.protobuf.BoolValue"),
        ("xs.all(x, x.all(y, y.all(z, z)))", "gone through 3 deep; 2"),
        ("xs.all(x, true) && " * MOST_COMPREHENSIONS + "xs.all(x, true)", "lists 9 times; 8"),
        ("(xs + xs).all(x, ys.all(y, y))", "may take 2,000,000 steps"),
        ("(a ? xs + xs : xs).all(x, ys.all(y, y))", "may take 2,000,000 steps"),
        ("xs.map(x, x).all(x, (xs + ys + [1.0]).all(y, y > x))", "may take 2,001,000 steps"),
    ],
)
def test_what_is_beyond_a_limit_is_refused(expression: str, why: str) -> None:
    assert any(why in reason for reason in refused(expression)), refused(expression)


@pytest.mark.parametrize(
    "expression",
    [
        conjuncts(MOST_NODES // 2),
        "'_/_' == a && '%' == a",
        "double(size(xs)) * 2.0 >= 1.0",
        "timestamp(a).getDayOfWeek() == 1",
        "timestamp(a) - timestamp('2026-01-01T00:00:00Z') <= duration('48h')",
        "a.matches('" + "x" * LONGEST_PATTERN + "')",
        "[" + "1," * MOST_ENTRIES + "] == a",
        "{" + ",".join(f"{n}: 1" for n in range(MOST_ENTRIES // 2)) + "} == a",
        "xs.all(x, ys.all(y, y != x))",
        "xs.filter(x, x).all(x, ys.all(y, y)) && xs.all(x, ys.filter(y, y).all(y, y))",
        "xs.filter(x, x).filter(x, x).map(x, x).all(x, x)",
        " && ".join(["xs.all(x, true)"] * MOST_COMPREHENSIONS),
        "['a', 'b'].all(x, xs.all(y, x in y)) && {'a': 1}.all(x, xs.all(y, x in y))",
    ],
)
def test_what_is_within_the_limits_is_not(expression: str) -> None:
    assert refused(expression) == []


def test_each_reason_is_said_once() -> None:
    assert len(refused("1.0 / a > 1.0 / a && 7 % 2 == 7 % 2")) == 2


@pytest.mark.parametrize(
    ("expression", "names"),
    [("variables.b.low > variables.a && variables.b.high < 1.0", ("b", "a")), ("a.variables.b > 1.0", ()),
     ("has(variables.c)", ("c",)), ("xs.all(x, x > variables.d)", ("d",))],
)  # fmt: skip
def test_variables_are_read_by_name(expression: str, names: tuple[str, ...]) -> None:
    assert refused(expression) == []
    assert variables(tree(expression)) == names


@pytest.mark.parametrize(
    "expression",
    ["variables == a", "variables['b'] > 1.0", "variables.all(name, name != a)", "'b' in variables",
     "variables.b > 1.0 && size(variables) > 1"],
)  # fmt: skip
def test_variables_are_not_read_all_at_once(expression: str) -> None:
    [why] = refused(expression)
    assert "`variables.<name>`" in why
