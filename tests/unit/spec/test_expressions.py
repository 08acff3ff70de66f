from __future__ import annotations

import pytest

from mlgitops.model.expressions import Compiled, Flaw, Reading
from mlgitops.policies.messages import fields
from mlgitops.spec import expressions
from mlgitops.spec.load import load, read_builtin

PATH = "mlops/policies/own.yaml"
PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: p}\n"
HEAD = "apiVersion: mlgitops.dev/v1\nkind: Policy\nmetadata: {name: own}\nspec:\n"


def asked(spec):
    files = {"mlgitops.yaml": PROJECT, PATH: HEAD + spec}
    return list(expressions.written(load(files, read_builtin()), files, fields))


def rule(passes, message="said"):
    return asked(f"  rules:\n    - id: one\n      pass: {passes}\n      message: {message}\n")


def reading(one, path):
    """That *one* reads *path*, with the place of its last name."""
    *_, name = path.split(".")
    return Reading(tuple(path.split(".")), one.expression.rindex(f".{name}") + 1)


def marked(one, flaw):
    """The stretch of the file that *flaw* of the expression *one* is shown at."""
    [found] = expressions.faults([one], [Compiled(flaws=(flaw,))])
    lines = one.text.split("\n")
    assert lines[found.span.line - 1][found.span.column - 1 :].startswith(
        one.text[found.span.start : found.span.end].split("\n")[0]
    )
    return one.text[found.span.start : found.span.end]


@pytest.mark.parametrize(
    ("passes", "hint"),
    [
        ("a and b", "write `&&`"),
        ("a & b", "write `&&`"),
        ("a | b", "write `&&`"),
        ("a = b", "write `&&`"),
        ("a && (b || c", "expressions are CEL"),
    ],
)
def test_operators_of_other_languages_are_told_from_other_slips(passes, hint):
    flaw = Flaw("syntax", "no", 0, "a")
    [found] = expressions.faults([rule(passes)[0]], [Compiled(flaws=(flaw,))])

    assert found.hint.startswith(hint)


def test_every_expression_of_own_policies_is_asked_and_no_other():
    found = asked(
        "  when: w\n  rules:\n    - {id: a, pass: p, fail: f, message: '{m:.2f} {{x}} { n }'}\n"
        "    - {id: b, pass: q, message: none}\n"
    )

    assert [one.expression for one in found] == ["w", "p", "f", "q", "m", "n"]
    assert [one.is_condition for one in found] == [True] * 4 + [False] * 2
    assert {one.document.file for one in found} == {PATH}


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("ab  && cd", 6),
        ("'ab && cd'", 6),
        ('"ab && cd"', 6),
        (">-\n        ab\n        && cd", 6),
        ("|  # why\n        ab &&\n          cd\n", 8),
        ("ab &&\n        cd", 6),
    ],
)
def test_a_place_in_an_expression_is_found_as_yaml_writes_it(source, at):
    [one] = rule(source)

    assert marked(one, Flaw("name", "", at, "cd")) == "cd"


@pytest.mark.parametrize(("source", "at"), [(r'"ab\t&& cd"', 6), ("'a''b'", 4), ("ab && cd", None)])
def test_all_of_a_value_is_shown_where_the_place_cannot_be_told(source, at):
    [one] = rule(source)

    assert marked(one, Flaw("syntax", "no", at)) == source


def test_a_fault_at_the_end_points_behind_the_last_character():
    [one] = rule('"ab > "  # why')

    [found] = expressions.faults([one], [Compiled(flaws=(Flaw("syntax", "ends", 5),))])

    assert one.text[: found.span.start].endswith('"ab >')


def test_an_expression_in_a_message_is_found_behind_its_brace():
    _, first, second = rule("p", '"a {b} of b: {a.b:.2f}"')

    assert marked(first, Flaw("limit", "no")) == "b"
    assert marked(second, Flaw("name", "", 0, "a.b")) == "a"
    assert second.text[second.document.tree.spans[second.place].start + 1 :][second.before] == "a"


def test_only_the_first_that_got_lost_is_named():
    found = asked("  rules:\n    - {id: a, pass: p, fail: f, message: m}\n")

    lost = Compiled(flaws=(Flaw("lost", "it died"),))
    [fault] = expressions.faults(found, [lost, lost])
    assert fault.message == "spec.rules[0].pass: this could not be compiled: it died"


@pytest.mark.parametrize("name", ["INT", "STRING", "NULL", "LIST<INT>", "MAP<STRING, DYN>", "?"])
def test_a_condition_that_is_seen_to_be_none_is_a_fault_and_a_field_is_not(name):
    found = rule("p", "'{m}'")

    [fault] = expressions.faults(found, [Compiled(name), Compiled(name)])
    assert (fault.code, "neither true nor false" in fault.message) == ("SPEC335", True)


@pytest.mark.parametrize("name", ["BOOL", "DYN"])
def test_what_may_be_true_or_false_is_right(name):
    assert list(expressions.faults(rule("p"), [Compiled(name)])) == []


def test_a_parameter_that_is_not_declared_is_shown_where_it_is_read():
    [one] = asked(
        "  params: {most: {type: number}}\n"
        "  rules:\n    - {id: a, pass: params.most > params.mots, message: m}\n"
    )

    reads = (reading(one, "params.most"), reading(one, "params.mots"))
    [found] = expressions.faults([one], [Compiled("BOOL", (*reads, reads[1]))])

    assert (found.code, found.hint) == ("SPEC334", 'did you mean "most"?')
    assert one.text[found.span.start : found.span.end] == "mots"


def test_a_file_lists_at_most_a_hundred_faults():
    found = asked(
        "  rules:\n" + "".join(f"    - {{id: r{n}, pass: p, message: m}}\n" for n in range(60))
    )

    flaws = Compiled(flaws=(Flaw("name", "", 0, "p"),) * 2)
    assert len(list(expressions.faults(found, [flaws] * 60))) == 100


VARIABLES = "  variables: {first: f, second: g}\n  rules: [{id: a, pass: p, message: '{m}'}]\n"


def test_variables_are_asked_in_order_and_each_can_read_those_before_it():
    found = asked(VARIABLES)

    assert [(one.expression, one.readable) for one in found] == [
        ("f", ()), ("g", ("first",)), ("p", ("first", "second")), ("m", ("first", "second")),
    ]  # fmt: skip
    assert [one.is_variable for one in found] == [True, True, False, False]


@pytest.mark.parametrize(
    ("place", "name", "message", "hint"),
    [
        (0, "second", "is not defined before this one", "a variable reads only those above it"),
        (1, "second", "is not defined before this one", "a variable reads only those above it"),
        (2, "frist", "defines no variable", 'did you mean "first"?'),
        (3, "xyz", "defines no variable", "define it: `variables: {xyz: …}`"),
    ],
)
def test_a_variable_that_cannot_be_read_is_a_fault(place, name, message, hint):
    found = asked(VARIABLES)
    compiled = [Compiled("DYN")] * len(found)
    reads = [Reading(("variables", one), 0) for one in ("first", name)[place < 2 :]]
    compiled[place] = Compiled("DYN", tuple(reads))

    [fault] = expressions.faults(found, compiled)

    assert (fault.code, message in fault.message) == ("SPEC334", True)
    assert fault.hint.startswith(hint)


def test_a_variable_that_is_not_defined_is_shown_where_it_is_read():
    [_, _, one, _] = asked(VARIABLES.replace("pass: p", "pass: a.variables.b > variables.frist"))

    reads = (reading(one, "variables.frist"),)
    [found] = expressions.faults([one], [Compiled("BOOL", reads)])

    assert one.text[found.span.start : found.span.end] == "frist"


@pytest.mark.parametrize("name", ["TIMESTAMP", "DURATION", "TYPE<DYN>"])
def test_a_variable_holds_no_time(name):
    first, *_ = asked(VARIABLES)

    [fault] = expressions.faults([first], [Compiled(name)])

    assert (fault.code, "no variable can hold" in fault.message) == ("SPEC335", True)


@pytest.mark.parametrize("name", ["INT", "LIST<DYN>", "MAP<STRING, DYN>", "BOOL", "NULL"])
def test_a_variable_may_be_anything_else(name):
    first, *_ = asked(VARIABLES)

    assert list(expressions.faults([first], [Compiled(name)])) == []


def test_a_variable_that_is_named_alone_is_told_how_it_is_read():
    *_, one = asked(VARIABLES)

    [found] = expressions.faults([one], [Compiled(flaws=(Flaw("name", "", 0, "first"),))])

    assert found.hint == "variables are read as `variables.first`"


def test_a_field_that_no_evidence_has_is_shown_where_it_is_read():
    [one] = rule("metrics.f1.loww > metrics.f1.low")

    reads = (reading(one, "metrics.f1.loww"), reading(one, "metrics.f1.low"))
    [found] = expressions.faults([one], [Compiled("BOOL", reads)])

    assert (found.code, found.hint) == ("SPEC353", 'did you mean "low"?')
    assert one.text[found.span.start : found.span.end] == "loww"


def test_what_a_variable_looks_up_is_known_to_all_behind_it():
    found = asked(
        "  variables: {it: f, same: g, sum: h}\n  rules: [{id: a, pass: p, message: said}]\n"
    )
    compiled = [
        Compiled("DYN", path=("metrics", "*")),
        Compiled("DYN", (Reading(("variables", "it"), 0),), ("variables", "it")),
        Compiled("DOUBLE"),
        Compiled("BOOL", tuple(Reading(("variables", name, "lo"), 0) for name in ("same", "sum"))),
    ]

    [fault] = expressions.faults(found, compiled)

    assert fault.message == "spec.rules[0].pass: no evidence has metrics[].lo"
