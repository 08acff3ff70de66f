from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import pytest

import mlgitops
from mlgitops.adapters.cel_engine.compilation import LONGEST_EXPRESSION
from mlgitops.adapters.cel_engine.engine import CelEngine, request_document
from mlgitops.model.errors import MissingExtra
from mlgitops.model.expressions import Compared, Compiled, Flaw, Side
from mlgitops.model.policy import Variable
from mlgitops.model.verdict import Answer, Question

EVIDENCE: dict[str, Any] = {
    "metrics": {"roc_auc": {"value": 0.64, "n": 26412, "low": 0.5, "one": 1.0}},
    "champion": None,
    "names": ["a", "b"],
    "many": list(range(1000)),
}


def ask(*expressions: str, evidence: Any = EVIDENCE, **parameters: Any) -> tuple[Answer, ...]:
    questions = [Question(expression, parameters) for expression in expressions]
    return CelEngine().evaluate(evidence, questions)


def test_answers_are_aligned_with_questions():
    answers = ask("1 > 2", "nope", "metrics.roc_auc.low", "names", "champion")

    assert [answer.kind for answer in answers] == ["value", "error", "value", "value", "value"]
    assert [answer.value for answer in answers] == [False, None, 0.5, ["a", "b"], None]


def test_no_questions_need_no_child():
    assert CelEngine(interpreter="/nonexistent").evaluate(EVIDENCE, []) == ()


def test_expressions_over_evidence_and_parameters():
    expressions = (
        "metrics[params.metric].value >= params.min",
        "metrics.roc_auc.n > 0",
        "metrics.roc_auc.n == 26412",
        "metrics.roc_auc.n - 0.5 > 26411.0",
        "metrics.roc_auc.one - 0.5 == 0.5",
        "champion == null",
        "-params.min < 0.0",
        "names.exists(n, n == 'a')",
        "names.filter(n, n != 'a').map(n, n + '!') == ['b!']",
        "size(names) == 2",
        "!has(metrics.f1)",
        "params.whole == 1.0",
    )

    answers = ask(*expressions, metric="roc_auc", min=0.6, whole=1)
    assert [answer.is_true for answer in answers] == [True] * len(expressions)


def test_each_question_has_its_own_parameters():
    answers = CelEngine().evaluate({}, [Question("params.a", {"a": n}) for n in (1, 2)])

    assert [answer.value for answer in answers] == [1, 2]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("metrics.f1.value > 0.5", 'Key not found in map : "f1"'),
        ("params.min > 0", 'Key not found in map : "min"'),
        ("slices.size() > 0", "undeclared reference to 'slices'"),
        ("champion.version > 0", "Applying SELECT to non-message type"),
        ("metrics.roc_auc >= 0.5", "No matching overloads"),
        ("'0.9' >= metrics.roc_auc.low", "No matching overloads"),
        ("metrics.roc_auc.value >", "Syntax error"),
        ("", "Syntax error"),
        ("1.0 / 0.0 > 0.5", "division is not allowed"),
        ("7 % 2 == 1", "the remainder `%` is not allowed"),
        ("1e308 * 10.0", "not a finite number"),
        ("b'abc'", "bytes are not allowed"),
        ("context.now != ''", "nothing is known of context"),
        ("many.all(a, many.all(b, a + b >= 0.0))", "it looks at too many elements"),
        ("duration('3s')", "type timedelta cannot be shown"),
        ("type(1)", "cannot be shown"),
        ("true" + " " * 2048, "2,052 characters; 2,048 are allowed"),
        ("many.map(n, 'x' + string(n) + 'yyyyyyyyyyyy')", "larger than 16,384 bytes"),
    ],
)
def test_what_cannot_be_told_is_an_error_that_says_why(expression, why):
    [answer] = ask(expression)

    assert (answer.kind, answer.is_lost) == ("error", False)
    assert why in answer.error
    assert not answer.is_true


def test_a_map_is_answered_with_its_keys_in_order():
    [answer] = CelEngine().evaluate(
        {"votes": dict.fromkeys("hgfedcba", 1)}, [Question("votes", {})]
    )

    assert list(answer.value) == list("abcdefgh")


def test_only_the_boolean_true_is_true():
    for answer in ask("1", "'true'", "[true]", "null", "1.0", "{'a': true}", "false"):
        assert answer.kind == "value"
        assert not answer.is_true


@pytest.mark.parametrize(
    "number", [float("nan"), float("inf"), -float("inf"), 1e300, -1.7976931348623157e308, 2**60]
)
def test_evidence_with_unsound_numbers_answers_nothing(number):
    for answers in (
        ask("true", "x > 0", evidence={"x": number}),
        ask("true", "params.x > 0", x=number),
    ):
        assert [answer.kind for answer in answers] == ["error", "error"]
        assert "unsound" in answers[0].error


def test_evidence_of_other_types_answers_nothing():
    assert [answer.kind for answer in ask("true", evidence={"x": {1: object()}})] == ["error"]


def test_parameters_that_are_equal_to_python_only_are_told_apart():
    sets = [{"x": True}, {"x": 1}, {"x": 0}, {"x": False}, {"x": True}]

    answers = CelEngine().evaluate({}, [Question("params.x", one) for one in sets])
    assert [repr(one.value) for one in answers] == ["True", "1.0", "0.0", "False", "True"]


def test_the_context_of_a_decision_is_one_more_variable():
    evidence = {"last": "2026-10-31T22:00:00Z", "context": {"now": "2026-11-01T00:00:00Z"}}

    [answer] = ask("timestamp(context.now) - timestamp(last) <= duration('48h')", evidence=evidence)
    assert answer.is_true


def test_odd_names_of_sections_do_no_harm():
    [answer] = ask("x == 1.0", evidence={"x": 1, "a-b": 2, "": 3, "params": 4})

    assert answer.is_true


BOMBS = {
    "nested comprehensions": "many.all(a, many.all(b, many.all(c, a + b + c > -1.0)))",
    "product of lists": "many.map(a, many.map(b, many)).size() > 0",
    "doubling a list": "[many]" + ".map(x, x + x)" * 20 + "[0].size() > 0",
    "doubling text": "['" + "a" * 50 + "']" + ".map(x, x + x)" * 26 + "[0].size() > 0",
    "growing lists of lists": "[[1]]" + ".map(x, [x,x,x,x,x,x])" * 12,
    "a long sum": "+".join(["1"] * 1000) + " > 0",
    "parentheses": "(" * 1000 + "true" + ")" * 1000,
    "brackets": "[" * 1000 + "]" * 1000 + " == []",
    "calls": "size(" * 400 + "''" + ")" * 400,
    "conditions": "true ? " * 250 + "true" + " : true" * 250,
    "selections": "metrics" + ".a" * 1000,
    "a regular expression": "'a'.matches('" + "(a{999}){999}" * 100 + "')",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_an_error_answer_and_nothing_else(bomb):
    start = time.monotonic()

    before, answer = ask("true", BOMBS[bomb])
    assert before.is_true
    assert answer.kind == "error"
    assert answer.error
    assert time.monotonic() - start < 7


def test_bad_questions_do_not_spoil_those_after_them():
    doubling = BOMBS["doubling text"]

    assert ask("true", doubling, "nope", "true")[3].is_true


def test_a_child_that_cannot_start_is_an_error_answer():
    engine = CelEngine(interpreter="/nonexistent/python")

    [answer] = engine.evaluate({}, [Question("true", {})])
    assert "did not start: No such file" in answer.error


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 0", "gave no answer"),
        ("echo oops >&2; exit 3", "oops"),
        ("kill -SEGV $$", "ended by SIGSEGV"),
        ("kill -KILL $$", "more processor time or memory"),
        ("echo '{\"value\": true'", "gave no answer"),
        ("printf '{\"value\": true}'", "gave no answer"),
        ("echo true", "gave no answer"),
        ("echo '{\"error\": 3}'", "gave no answer"),
        ("exec sleep 60", "longer than"),
    ],
)
def test_whatever_becomes_of_the_child_is_an_error_answer(script, why, tmp_path):
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\n{script}\n")
    interpreter.chmod(0o755)

    engine = CelEngine(interpreter=str(interpreter), timeout_s=0.5)
    [answer] = engine.evaluate({}, [Question("true", {})])
    assert (answer.kind, answer.is_lost) == ("error", True)
    assert why in answer.error


def test_answers_before_a_crash_are_kept(tmp_path):
    interpreter = tmp_path / "python"
    interpreter.write_text("#!/bin/sh\necho '{\"value\": true}'\nkill -SEGV $$\n")
    interpreter.chmod(0o755)

    asked = [Question("true", {})] * 2
    kept, lost = CelEngine(interpreter=str(interpreter)).evaluate({}, asked)
    assert kept.is_true
    assert (lost.kind, lost.is_lost) == ("error", True)


def test_what_many_questions_share_is_sent_once():
    parameters, variables = {"a": 1}, (Variable("v", "x"), Variable("w", "variables.v"))
    questions = [Question(f"{n} > 0", parameters, variables) for n in range(3)]
    questions += [Question("params.a", {"a": True}, variables)]

    sent = request_document({"x": 0}, questions)

    assert sent["scopes"] == [[{"a": 1}, [["v", "x"], ["w", "variables.v"]]], [{"a": True}, [["v", "x"], ["w", "variables.v"]]]]  # fmt: skip
    assert sent["questions"] == [[0, "0 > 0"], [0, "1 > 0"], [0, "2 > 0"], [1, "params.a"]]


def numbered(count: int, *questions: str) -> list[tuple[dict[str, Any], list[Question]]]:
    """Documents `{"x": 0}`, `{"x": 1}` and so on, all with the same questions."""
    return [({"x": number}, [Question(one, {}) for one in questions]) for number in range(count)]


def test_many_documents_are_answered_as_each_alone():
    asked = numbered(30, "x", "x > 10", "y")
    asked[3] = ({"y": 3, "x": True}, asked[3][1])
    asked[5] = ({"x": float("nan")}, asked[5][1])
    asked[7] = ({"x": 7}, [])

    found = CelEngine().evaluate_many(asked)
    assert found == tuple(CelEngine().evaluate(*one) for one in asked)
    assert [answer.kind for answer in found[5]] == ["error"] * 3
    assert found[7] == ()
    assert found[29][0].value == 29


def test_no_documents_need_no_child():
    assert CelEngine(interpreter="/nonexistent").evaluate_many([]) == ()


def counting(tmp_path: Path, script: str) -> CelEngine:
    """An engine whose child runs *script*; each start leaves a line in `started`."""
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\necho >> {tmp_path}/started\n{script}\n")
    interpreter.chmod(0o755)
    return CelEngine(interpreter=str(interpreter), timeout_s=5)


def test_many_documents_share_a_child(tmp_path):
    engine = counting(tmp_path, f'exec {sys.executable} "$@"')

    assert len(engine.evaluate_many(numbered(100, "x >= 0"))) == 100
    assert (tmp_path / "started").read_text() == "\n"


def test_what_kills_a_child_is_an_error_of_its_document_only(tmp_path):
    """The child answers sound documents up to the first that holds the word."""
    program = (
        "import os, sys\n"
        "for line in sys.stdin:\n"
        "    os.kill(os.getpid(), 11) if 'deadly' in line else print('{\"value\": true}', flush=True)\n"
    )
    (tmp_path / "program.py").write_text(program)
    engine = counting(tmp_path, f"exec {sys.executable} {tmp_path}/program.py")
    asked = numbered(6, "true")
    asked[0] = asked[3] = ({"deadly": 1}, asked[0][1])

    found = engine.evaluate_many(asked)
    assert [one.is_true for [one] in found] == [False, True, True, False, True, True]
    assert "SIGSEGV" in found[3][0].error


def test_the_version_is_that_of_the_package():
    assert re.fullmatch(r"cel-expr-python \d+\.\d+\.\d+", CelEngine().version)


def compiled(*expressions: str, engine: CelEngine | None = None) -> tuple[Compiled, ...]:
    return (engine or CelEngine()).compile(["metrics", "slices"], expressions)


@pytest.mark.parametrize(
    ("expression", "name", "reads", "path", "always"),
    [
        ("params.a > 1.0", "BOOL", ["params.a"], None, None),
        ("metrics.mae", "DYN", ["metrics.mae"], "metrics.mae", None),
        ("params." + "x" * 64, "DYN", ["params." + "x" * 64], "params." + "x" * 64, None),
        ("slices.filter(s, s.n > 1)", "LIST<DYN>", ["slices.[].n"], "slices", None),
        ("size(slices)", "INT", [], None, None),
        ("[1]", "LIST<INT>", [], None, None),
        ("true", "BOOL", [], None, True),
        ("1 > 2", "BOOL", [], None, False),
        ("metrics.mae.low > 0.1 || size([]) == 0", "BOOL", ["metrics.mae", "metrics.mae.low"], None, True),
        ("metrics.mae == metrics.mae", "BOOL", ["metrics.mae"] * 2, None, None),
        ("params.a ? true : true", "BOOL", ["params.a"], None, None),
        ("[1, 2].all(x, timestamp('no') == timestamp('no'))", "BOOL", [], None, None),
    ],
)  # fmt: skip
def test_what_compiling_tells_without_evidence(expression, name, reads, path, always):
    [found] = compiled(expression)

    assert (found.type, found.always, found.flaws) == (name, always, ())
    assert [".".join(one.path) for one in found.reads] == reads
    assert found.path == (tuple(path.split(".")) if path else None)


@pytest.mark.parametrize(
    ("expression", "flaw"),
    [
        ("true and true", Flaw("syntax", "mismatched input 'and' expecting the end", 5)),
        ("metrics.a >", Flaw("syntax", "it ends too early", 11)),
        ("(true", Flaw("syntax", "missing ')' at the end", 5)),
        ("true &&\n  if", Flaw("syntax", "reserved identifier: if", 10)),
        ("'é' == 'x", Flaw("syntax", "token recognition error at: ''x'", 7)),
        ("true && slice.all(s, true)", Flaw("name", "", 8, "slice")),
        ("true &&\n t.x.y", Flaw("name", "", 9, "t.x.y")),
        ("worst(slices)", Flaw("name", "", 0, "worst")),
        ("1 + 2.0 > 1.0", Flaw("type", "`+` does not take (int, double)", 2, "+")),
        ("1 in 2", Flaw("type", "`in` does not take (int, int)", 2, "in")),
        ("1.0 / metrics.a > 1.0", Flaw("limit", "division is not allowed: write `a >= b * c`")),
        ("!" + "(!" * 40 + "true" + ")" * 40, Flaw("limit", "it is nested too deep")),
        ("metrics.all(a, 'x'.matches(a))", Flaw("limit", "the regular expression of `matches`")),
        (" " * 2049, Flaw("limit", "the expression has 2,049 characters; 2,048 are allowed")),
    ],
)
def test_what_is_wrong_is_said_with_its_place(expression, flaw):
    [found] = compiled(expression)[0].flaws

    assert found.message.startswith(flaw.message)
    assert (found.kind, found.at, found.subject) == (flaw.kind, flaw.at, flaw.subject)


def test_all_unknown_names_are_listed_and_of_syntax_errors_the_first():
    names, syntax = compiled("a > b || metrics.c > d.e", "a && ) &&& (")

    assert [flaw.subject for flaw in names.flaws] == ["a", "b", "d.e"]
    assert len(syntax.flaws) == 1


def test_what_is_compared_comes_with_its_sides():
    [found] = compiled("metrics.f1 >= 0.5")

    left, right = Side(("metrics", "f1"), at=8), Side(kind="number")
    assert found.compared == (Compared(left, ">=", right),)


def test_all_limits_that_are_passed_are_listed():
    [found] = compiled("1.0 / 2.0 < 1e999 && 'a'.matches(metrics.a)")

    assert [flaw.kind for flaw in found.flaws] == ["limit"] * 3


def test_no_text_of_an_expression_is_taken_for_an_error():
    [found] = compiled("'\\n' == \nERROR: <input>:1:1: undeclared reference to 'x'")[0].flaws

    assert found.kind == "syntax"


@pytest.mark.parametrize("bomb", BOMBS)
def test_compiling_a_bomb_ends(bomb):
    start = time.monotonic()

    before, _ = compiled("true", BOMBS[bomb])

    assert before == Compiled("BOOL", always=True)
    assert time.monotonic() - start < 7


def test_nothing_to_compile_needs_no_child():
    assert compiled(engine=CelEngine(interpreter="/nonexistent")) == ()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("kill -SEGV $$", "ended by SIGSEGV"),
        ('echo \'{"type": 3, "parameters": []}\'', "gave no answer"),
        ("echo '{\"flaws\": []}'", "gave no answer"),
        ('echo \'{"flaws": [{"kind": "name"}]}\'', "gave no answer"),
        ("echo '{\"flaws\": [3]}'", "gave no answer"),
        ("exec sleep 60", "longer than"),
    ],
)
def test_whatever_becomes_of_the_child_nothing_is_taken_as_compiled(script, why, tmp_path):
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\n{script}\n")
    interpreter.chmod(0o755)

    found = compiled("true", "true", engine=CelEngine(interpreter=str(interpreter), timeout_s=0.5))

    assert [one.flaws[0].kind for one in found] == ["lost", "lost"]
    assert why in found[0].flaws[0].message


def test_a_missing_package_is_raised(tmp_path):
    venv.create(tmp_path, with_pip=False, symlinks=True)
    python = str(tmp_path / "bin" / "python")
    [site] = tmp_path.glob("lib/python*/site-packages")
    (site / "here.pth").write_text(str(Path(mlgitops.__file__).parents[1]) + "\n")

    with pytest.raises(MissingExtra, match="cel-expr-python") as caught:
        CelEngine(interpreter=python).evaluate({}, [Question("true", {})])

    assert caught.value.hint == "pip install 'mlgitops[gate]'"
    with pytest.raises(MissingExtra, match="cel-expr-python"):
        compiled("true", engine=CelEngine(interpreter=python))


def test_the_child_has_no_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET", "x")
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\n/usr/bin/env > {tmp_path}/seen\n")
    interpreter.chmod(0o755)
    CelEngine(interpreter=str(interpreter)).evaluate({}, [Question("true", {})])

    assert "SECRET" not in (tmp_path / "seen").read_text()


def test_the_parent_does_not_load_the_engine():
    code = (
        "import sys, mlgitops.adapters.cel_engine.engine, mlgitops.adapters.cel_engine.program;"
        "assert not {name for name in sys.modules if name.startswith('cel_expr')}"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_policy_may_hold_expressions_as_long_as_the_engine_takes():
    schema = json.loads((Path(__file__).parents[3] / "schemas/policy.schema.json").read_text())
    rule, policy = schema["$defs"]["rule"]["properties"], schema["$defs"]["spec"]["properties"]

    found = {field["maxLength"] for field in (rule["pass"], rule["fail"], policy["when"])}

    assert found == {LONGEST_EXPRESSION}


def test_questions_of_two_policies_have_variables_of_their_own():
    variables = [(Variable("it", "x + params.y"), Variable("bad", "x.z")), (Variable("it", "x"),)]
    asked = [
        Question(expression, {"y": 2.0}, variables[policy])
        for policy in (0, 1)
        for expression in ("variables.it", "true || variables.bad")
    ]

    first, bad, second, missing = CelEngine().evaluate({"x": 1.0}, asked)

    assert (first.value, second.value) == (3.0, 1.0)
    assert bad.error.startswith("variables.bad is not known")
    assert missing.error == "no variable before it is called bad"


def test_compiling_tells_which_variables_are_read():
    [read, whole] = CelEngine().compile([], ["variables.a > variables.b", "variables"])

    assert [one.path for one in read.reads] == [("variables", "a"), ("variables", "b")]
    assert [flaw.kind for flaw in whole.flaws] == ["limit"]
