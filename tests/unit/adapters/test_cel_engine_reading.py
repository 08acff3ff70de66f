"""What expressions look up, by path."""

from __future__ import annotations

import pytest

from mlgitops.adapters.cel_engine import checked_tree, compilation, reading
from mlgitops.adapters.cel_engine.reading import Found
from mlgitops.model.expressions import Compared, Reading, Side, Steps


def read(expression: str) -> Found:
    from cel_expr_python import cel

    known = compilation.environment(cel, ["metrics", "slices", "champion"])
    tree = checked_tree.read(known.compile(expression).serialize())
    return reading.read(tree, expression)


def dotted(steps: Steps | None) -> str | None:
    return None if steps is None else ".".join(steps)


@pytest.mark.parametrize(
    ("expression", "reads"),
    [
        ("metrics.f1.low", ["metrics.f1", "metrics.f1.low"]),
        ("metrics['f1'].low", ["metrics.f1", "metrics.f1.low"]),
        ("metrics[params.metric].low", ["params.metric", "metrics.*.low"]),
        ("slices[0].n > slices[1].n", ["slices.*.n", "slices.*.n"]),
        ("has(metrics.f1)", ["metrics.f1"]),
        ("slices.all(s, s.n > 0)", ["slices.[].n"]),
        ("slices.exists_one(s, s.n > 0)", ["slices.[].n"]),
        ("slices.filter(s, s.a).all(s, s.b)", ["slices.[].a", "slices.[].b"]),
        ("slices.map(s, s.a).all(a, a.b)", ["slices.[].a", "slices.[].a.b"]),
        ("slices.map(s, s.a, s.b).all(b, b.c)", ["slices.[].a", "slices.[].b", "slices.[].b.c"]),
        ("slices.all(s, s.xs.all(x, x.y > s.n))", ["slices.[].xs", "slices.[].xs.[].y", "slices.[].n"]),
        ("slices.all(metrics, metrics.n > 0)", ["slices.[].n"]),
        ("keys(metrics).all(k, metrics[k].low > 0)", ["metrics.*.low"]),
        ("(champion == null ? metrics.f1 : metrics.f1).low", ["metrics.f1", "metrics.f1", "metrics.f1.low"]),
        ("(champion == null ? metrics : champion).f1", []),
        ("(champion == null ? [] : [champion])[0].n", ["champion.n"]),
        ("(slices + [champion])[0].n", []),
        ("(slices + slices.filter(s, true))[0].n", ["slices.*.n"]),
        ("[metrics.a, metrics.a][0].low", ["metrics.a", "metrics.a", "metrics.a.low"]),
        ("[metrics.a, metrics.b][0].low", ["metrics.a", "metrics.b"]),
        ("[metrics.a, 1.0][0].low", ["metrics.a"]),
        ("[].all(x, x.y)", []),
        ("{'a': metrics.f1}.a.low", ["metrics.f1"]),
        ("metrics['[]'].low", []),
        ("metrics.f1.size()", ["metrics.f1"]),
    ],
)  # fmt: skip
def test_what_is_looked_up(expression: str, reads: list[str]) -> None:
    assert [dotted(one.path) for one in read(expression).reads] == reads


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ("metrics.f1", "metrics.f1"),
        ("slices", "slices"),
        ("slices.filter(s, s.judged)", "slices"),
        ("slices.filter(s, s.judged)[0]", "slices.*"),
        ("slices.map(s, s.metrics)", "slices.[].metrics.[…]"),
        ("[metrics.f1]", "metrics.f1.[…]"),
        ("[[metrics.f1]]", "metrics.f1.[…].[…]"),
        ("champion == null ? [] : [metrics.f1]", "metrics.f1.[…]"),
        ("[]", None),
        ("1.0", None),
        ("metrics.f1.low + 1.0", None),
        ("slices.map(s, s.n + 1.0)", None),
        ("metrics.f1.low > 1.0", None),
        ("{'a': 1.0}", None),
    ],
)
def test_where_what_comes_of_it_is_looked_up(expression: str, path: str | None) -> None:
    assert dotted(read(expression).path) == path


@pytest.mark.parametrize(
    ("expression", "marked"),
    [
        ("'é' == 'ü' && metrics . f1 > 1.0", ["f1"]),
        ("f1.f1 > 1.0".replace("f1.", "metrics.f1."), ["f1.f1", "f1"]),
        ("metrics[ 'a b' ] > 1.0", ["a b"]),
        ("has(metrics.f1)", ["f1"]),
        ("slices.all(s,\n  s.n > 0)", ["n"]),
    ],
)
def test_a_reading_stands_where_its_last_name_is_written(
    expression: str, marked: list[str]
) -> None:
    found = read(expression).reads

    assert [
        expression[one.at :][: len(text)] for one, text in zip(found, marked, strict=True)
    ] == marked


def test_a_name_that_is_written_otherwise_has_no_place() -> None:
    found = read("metrics['f\\u0031'] > 1.0").reads

    assert found == (Reading(("metrics", "f1"), None),)


@pytest.mark.parametrize(
    ("expression", "left", "operator", "right"),
    [
        ("metrics.f1 >= 0.5", Side(("metrics", "f1"), at=8), ">=", Side(kind="number")),
        ("slices == null", Side(("slices",), at=0), "==", Side(kind="null")),
        ("'a' != champion.b", Side(kind="text"), "!=", Side(("champion", "b"), at=16)),
        ("size(slices) > 0", Side(kind="number"), ">", Side(kind="number")),
        ("[] == [1.0]", Side(), "==", Side()),
        ("slices.all(s, s.n < true)", Side(("slices", "[]", "n"), at=16), "<", Side(kind="boolean")),
        ("metrics.f1.low - 1.0 <= 0.5", Side(), "<=", Side(kind="number")),
    ],
)  # fmt: skip
def test_what_is_compared(expression: str, left: Side, operator: str, right: Side) -> None:
    assert read(expression).compared == (Compared(left, operator, right),)
