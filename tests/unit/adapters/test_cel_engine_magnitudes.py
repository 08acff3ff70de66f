"""What bounds numbers before the engine has any of them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.checked_tree import read
from mlgitops.adapters.cel_engine.magnitudes import bound, largest

TWO = math.log10(2)


def of(expression: str, given: float = 10.0) -> float:
    from cel_expr_python import cel

    known = cel.NewEnv(variables=dict.fromkeys(["xs", "a", "b"], cel.Type.DYN))
    return bound(read(known.compile(expression).serialize()).root, given)


@pytest.mark.parametrize(
    ("expression", "exponent"),
    [
        ("1000.0", 3.0),
        ("0.001", 0.0),
        ("-1000", 3.0),
        ("'text' == 'text'", 10.0),
        ("a.low", 10.0),
        ("a.low * b.low", 20.0),
        ("a * a * 100.0 > 1.0", 22.0),
        ("0.001 * a", 10.0),
        ("a + b", 10.0 + TWO),
        ("a - b - a", 10.0 + 2 * TWO),
        ("(a + b) * (a + b)", 20.0 + 2 * TWO),
        ("a > 1.0 ? a * a : b", 20.0),
        ("[a * a][0] * a", 30.0),
        ("{'k': a * a}.k * a", 30.0),
        ("xs.all(x, x.n * x.n > 1.0)", 20.0),
        ("xs.map(x, x.n * x.n).exists(y, y * y > 1.0)", 40.0 + 2 * TWO),
        ("xs.map(x, x.n * x.n).filter(y, xs.all(z, y * z.n > 1.0))", 40.0 + 2 * TWO),
        ("size(xs) * 2", 10.0 + TWO),
    ],
)
def test_no_part_of_an_expression_is_larger_than_its_bound(
    expression: str, exponent: float
) -> None:
    assert of(expression) == pytest.approx(exponent)


@pytest.mark.parametrize(
    ("value", "exponent"),
    [
        (None, 0.0), (True, 0.0), ("1e300", 0.0), (0.5, 0.0), (-1e250, 250.0), (1000, 3.0), ([], 0.0),
        ({"a": [{"b": 10.0}, {"c": [-1e7, "d", None]}]}, 7.0),
    ],
)  # fmt: skip
def test_the_largest_number_is_found_wherever_it_is(value: Any, exponent: float) -> None:
    assert largest(value) == pytest.approx(exponent)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_not_finite_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        largest({"a": [1.0, {"b": number}]})


@pytest.mark.parametrize("key", [1, True, 2.5])
def test_a_key_that_is_no_text_is_refused(key: Any) -> None:
    with pytest.raises(ValueError, match="texts"):
        largest([{"a": {key: 1.0}}])
