from __future__ import annotations

from typing import Any

import pytest

from mlgitops.adapters.cel_engine import scope
from mlgitops.adapters.cel_engine.compilation import Expressions
from mlgitops.adapters.cel_engine.scope import Scope

EVIDENCE = {"xs": [{"n": 1.0, "name": "a"}, {"n": 2.0, "name": "b"}]}


class Counted(Expressions):
    """Counts how often it is asked for something to evaluate."""

    asked: list[str]

    def permitted(self, expression: str) -> Any:
        self.asked.append(expression)
        return super().permitted(expression)


def engine() -> Any:
    from cel_expr_python import cel

    return cel


@pytest.fixture
def known() -> Counted:
    found = Counted(engine(), ["xs"])
    found.asked = []
    return found


def over(known: Expressions, *definitions: tuple[str, str]) -> Scope:
    return Scope(engine(), known, {**EVIDENCE, "params": {"least": 1.0}}, definitions)


def plain(one: Scope, expression: str) -> Any:
    value = one.value(expression)
    assert not one.is_error(value), value.value()
    return value.plain_value()


def test_a_variable_reads_evidence_parameters_and_those_before_it(known):
    one = over(
        known,
        ("large", "xs.filter(x, x.n > params.least)"),
        ("names", "variables.large.map(x, x.name)"),
    )

    assert plain(one, "variables.names") == ["b"]
    assert plain(one, "size(variables.large) == size(variables.names)") is True
    assert plain(one, "variables.names[0] + xs[0].name") == "ba"


@pytest.mark.parametrize(
    "expression",
    ["null", "true", "1", "1.5", '"text"', "[1, 2.5, null]", '{"a": [{"b": true}], "2": "c"}'],
)
def test_a_value_is_the_same_behind_its_name(known, expression):
    one = over(known, ("it", expression))

    assert plain(one, f"variables.it == {expression}") is True
    assert plain(one, f"type(variables.it) == type({expression})") is True


def test_each_is_evaluated_once_and_only_where_it_is_read(known):
    one = over(
        known, ("a", "xs[0].n"), ("b", "variables.a + 1.0"), ("idle", "xs[1].n"), ("bad", "xs[9]")
    )

    for _ in range(3):
        assert plain(one, "variables.b + variables.a") == 3.0
        with pytest.raises(ValueError, match="bad"):
            one.value("variables.bad")

    asked = [
        known.asked.count(expression) for expression in ("xs[0].n", "variables.a + 1.0", "xs[9]")
    ]
    assert (asked, known.asked.count("xs[1].n")) == ([1, 1, 1], 0)


@pytest.mark.parametrize(
    "expression",
    ["variables.bad == 1.0", "true || variables.bad > 1.0", "false && variables.bad > 1.0",
     "true ? true : variables.bad > 1.0", "has(variables.bad)", "variables.worse"],
)  # fmt: skip
def test_what_reads_an_unknown_variable_is_an_error_and_nothing_else_is(known, expression):
    one = over(known, ("bad", "xs[9].n"), ("worse", "variables.bad > 0.0"), ("good", "xs[0].n"))

    with pytest.raises(ValueError, match=r"^variables\.bad is not known: Index error"):
        one.value(expression)

    assert plain(one, "variables.good") == 1.0
    assert plain(one, "size(xs)") == 2


def test_of_a_chain_the_variable_that_has_the_fault_is_told_with_it(known):
    chain = [(f"v{n}", f"variables.v{n - 1}") for n in range(1, 30)]
    one = over(known, ("v0", "xs[0].missing"), *chain)

    with pytest.raises(ValueError, match=r"^variables\.v0 is not known: Key not found.*missing"):
        one.value("variables.v29 == 1.0")


@pytest.mark.parametrize("definition", ["variables.late", "variables.early", "variables.none"])
def test_a_variable_reads_neither_itself_nor_what_comes_after_it(known, definition):
    one = over(known, ("early", definition), ("late", "1.0"))

    with pytest.raises(ValueError, match="no variable before it is called"):
        one.value("variables.early")

    assert plain(one, "variables.late") == 1.0


@pytest.mark.parametrize("expression", ["variables.none", "xs.all(variables, variables.n > 0.0)"])
def test_a_name_without_definition_is_an_error(known, expression):
    with pytest.raises(ValueError, match="no variable before it is called n"):
        over(known).value(expression)


def test_variables_of_the_evidence_are_not_those_of_the_policy():
    one = Scope(engine(), Expressions(engine(), ["variables"]), {"variables": {"a": 1.0}}, ())

    with pytest.raises(ValueError, match="no variable before it is called a"):
        one.value("variables.a")


@pytest.mark.parametrize(
    "expression",
    ['timestamp("2026-01-01T00:00:00Z")', '[duration("3h")]', '{"a": type(1)}'],
)
def test_what_the_engine_does_not_take_back_is_no_variable(known, expression):
    with pytest.raises(ValueError, match="cannot hold times"):
        over(known, ("it", expression)).value("variables.it")


@pytest.mark.parametrize(
    ("expression", "why"),
    [("{1: 2.0, true: 3.0}", "keys of a map have to be texts"),
     ('[{"a": {2: 1}}]', "keys of a map have to be texts"),
     ("3u", "unsigned integers are not allowed"), ("[uint(3)]", "unsigned integers")],
)  # fmt: skip
def test_what_would_come_back_from_python_as_something_else_is_no_variable(known, expression, why):
    with pytest.raises(ValueError, match=why):
        over(known, ("it", expression)).value("variables.it")


@pytest.mark.parametrize(
    "definition", ["xs[0].n * xs[0].n", "[xs[0].n * 2.0 * xs[0].n]", "{'a': xs[0].n * xs[0].n}"]
)
def test_a_variable_is_never_infinite(definition):
    known = Expressions(engine(), ["xs"])
    one = Scope(engine(), known, {"xs": [{"n": 9e299}]}, [("it", definition)])

    with pytest.raises(ValueError, match="not a finite number"):
        one.value("variables.it == variables.it")


@pytest.mark.parametrize(
    ("expression", "is_refused"),
    [("xs[0].n * xs[0].n > 1.0", True), ("xs.exists(x, x.n * x.n > 1.0)", True),
     ("xs.map(x, x.n * 2.0).exists(y, y * y > 1.0)", True), ("-(xs[0].n * xs[0].n) < 1.0", True),
     ("xs[0].n + xs[0].n > 1.0", False), ("xs[0].n > 1.0", False),
     ("variables.large + variables.large > 1.0", True), ("variables.large > 1.0", False),
     ("variables.large * 2.0 > 1.0", True), ("1e300 * 1e300 > 1.0", True)],
)  # fmt: skip
def test_numbers_that_may_become_infinite_within_an_expression_are_refused(expression, is_refused):
    known = Expressions(engine(), ["xs"])
    definitions = [("large", "xs[0].n * 1e8")]
    one = Scope(engine(), known, {"xs": [{"n": 9e299}]}, definitions)

    if is_refused:
        with pytest.raises(ValueError, match="not a finite number"):
            one.value(expression)
    else:
        assert plain(one, expression) is True


def test_ordinary_numbers_are_multiplied_and_added(known):
    one = over(known, ("n", "xs[1].n * 1e15"), ("m", "variables.n * variables.n * 1e30"))

    assert plain(one, "variables.m * variables.m > xs[0].n * variables.n + 1e300 * 2.0 - 2e300")


def test_a_variable_may_not_double_without_end(known, monkeypatch):
    monkeypatch.setattr(scope, "LARGEST_VARIABLE_BYTES", 100)
    names = [(f"s{n}", f"variables.s{n - 1} + variables.s{n - 1}") for n in range(1, 9)]
    one = over(known, ("s0", '"ten signs!"'), *names)

    assert plain(one, "size(variables.s3)") == 80
    with pytest.raises(ValueError, match="larger than 100 bytes"):
        one.value("variables.s4")
    with pytest.raises(ValueError, match=r"variables\.s4 is not known"):
        one.value("size(variables.s8)")


def test_what_is_known_outlasts_the_memory_that_is_given_back(known):
    one = over(known, ("a", "xs[0].n"))
    plain(one, "variables.a")

    one.release()

    assert plain(one, "variables.a + xs[0].n") == 2.0
    assert known.asked.count("xs[0].n") == 1
