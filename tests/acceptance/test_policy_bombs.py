"""A hundred policies that are meant to cost more than they may, or to look true.

Each ends within 6 s and 512 MiB as an error, whatever it is hidden in, and the
process that asked goes on. What is refused before it is evaluated is asked of one
child, what only the limits of the child can end of a child each.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.adapters.cel_engine.program import MEMORY_BYTES
from mlgitops.model.policy import Variable
from mlgitops.model.verdict import Answer, Question

BUDGET_S = 6.0
EVIDENCE: dict[str, Any] = {
    "many": list(range(1_000)),
    "grid": [list(range(1_000))] * 20,
    "words": ["a" * 2_000] * 1_000,
    "pattern": "(a{999}){999}",
    "infinite": "inf",
    "nothing": None,
    "metrics": {"mae": {"value": 1.0, "low": 0.5}},
    "comparison": {"delta": 0.1, "se": 0.0, "df": 1e299, "odd": "x"},
}


def deep(opening: str, inner: str, closing: str, times: int) -> str:
    return opening * times + inner + closing * times


def listed(entry: str, times: int) -> str:
    return "[" + ",".join([entry] * times) + "]"


def nested(macro: str, depth: int, inner: str) -> str:
    """`many.all(v0, many.all(v1, …))`."""
    opening = "".join(f"many.{macro}(v{number}, " for number in range(depth))
    return opening + inner + ")" * depth


BOMBS = {
    # nesting
    **{
        f"{name}, {times:,} deep": deep(opening, inner, closing, times)
        for times in (100, 300, 1_000, 5_000)
        for name, opening, inner, closing in (
            ("parentheses", "(", "true", ")"),
            ("lists", "[", "", "]"),
            ("maps", "{1:", "1", "}"),
            ("calls", "size(", "''", ")"),
            ("negations", "!(", "true", ")"),
        )
    },
    "conditions": "true ? " * 250 + "true" + " : true" * 250,
    "conditions in conditions": deep("(true ? ", "true", " : false)", 100),
    "selections": "metrics" + ".a" * 1_000 + " == 1.0",
    "indices": "metrics" + "['a']" * 400 + " == 1.0",
    "methods": "''" + ".trim()" * 250 + " == ''",
    # length
    "a sum of 1,000 terms": "+".join(["1"] * 1_000) + " > 0",
    "a sum of 20,000 terms": "+".join(["1"] * 20_000) + " > 0",
    "a product": "*".join(["9.0"] * 500) + " > 0.0",
    "250 conjuncts": "&&".join(["true"] * 250),
    "250 disjuncts": "||".join(["true"] * 250),
    "20,000 conjuncts": "&&".join(["true"] * 20_000),
    "comparisons": "true" + " == true" * 200,
    "one long text": f"'{'a' * 1_000_000}' != ''",
    "one long name": "a" * 1_000_000,
    "one long number": "9" * 2_000 + " > 0",
    "white space": " " * 1_000_000 + "true",
    "comments": "// x\n" * 100_000 + "true",
    "a list of 400": listed("1", 400) + ".size() > 0",
    "a list of a million": listed("1", 1_000_000) + ".size() > 0",
    "a map of 300": "{" + ",".join(f"{n}:1" for n in range(300)) + "}.size() > 0",
    # steps
    **{f"{macro}, {depth} deep": nested(macro, depth, "true") for depth in (3, 4, 8)
       for macro in ("all", "exists", "filter", "map")},
    "all, a million steps": nested("all", 2, "v0 + v1 >= 0.0"),
    "exists, a million steps": nested("exists", 2, "v0 + v1 < 0.0") + " == false",
    "exists_one, a million steps": nested("exists_one", 2, "v0 + v1 < 0.0") + " == false",
    "filter, a million steps": nested("filter", 2, "v0 + v1 < 0.0") + " == []",
    "map, a million steps": nested("map", 2, "v0 + v1") + " != []",
    "two times a million": " && ".join([nested("all", 2, "true")] * 2),
    "nine loops": " && ".join(["many.all(v, true)"] * 9),
    "a loop over a product": "many.map(a, many).all(b, b.all(c, c >= 0.0))",
    "a loop over a sum": "(" + "+".join(["many"] * 20) + ").all(a, many.all(b, true))",
    "texts compared in pairs": "words.all(a, words.all(b, a == b))",
    # memory
    **{
        f"{name}, {times} times": start + step * times + ending
        for times in (8, 16, 26)
        for name, start, step, ending in (
            ("doubling lists", "[many]", ".map(x, x + x + x + x + x + x)", ".size() > 0"),
            ("doubling texts", "[words[0]]", ".map(x, x + x + x + x + x + x)", ".size() > 0"),
            ("lists of lists", "[[1]]", ".map(x, [x, x, x, x, x, x])", ""),
            ("maps of maps", "[{1: 1}]", ".map(x, {1: x, 2: x, 3: x})", ""),
        )
    },
    "a product of lists": "many.map(a, many.map(b, many)).size() > 0",
    "joined texts": "many.map(a, words.map(b, b + b + b + b)).size() > 0",
    "texts in a table": "words.map(a, a + a + a).map(a, a + a + a).map(a, a + a + a)"
                        ".map(a, a + a + a).map(a, a + a + a).size() > 0",
    "a value that is too large": "words",
    "a grown value": "grid.map(a, a + a)",
    # regular expressions
    "a computed pattern": "'aaa'.matches('a' + '+')",
    "a pattern of the evidence": "'aaa'.matches(pattern)",
    "a pattern of the parameters": "matches('aaa', params.pattern)",
    "a pattern of a loop": "words.all(w, w.matches(w))",
    "a conditional pattern": "'a'.matches(true ? 'a' : 'b')",
    "a long pattern": "'a'.matches('" + "a?" * 200 + "')",
    "a repeated pattern": "'a'.matches('((a{100}){100}){100}')",
    "a broken pattern": "'a'.matches('(a')",
    "a pattern that looks ahead": "'a'.matches('(?=a)a')",
    "a pattern that looks back": r"'aa'.matches('(a)\\1')",
    # numbers
    "division by nought": "1.0 / 0.0 > 0.5",
    "nought by nought": "!(0.0 / 0.0 < 0.5)",
    "whole division by nought": "1 / 0 == 0 || true",
    "a remainder": "7 % 2 == 1",
    "an infinite number": "1e999 > metrics.mae.value",
    "an infinite negative": "-1e999 < metrics.mae.value",
    "infinity in a text": "double(infinite) > metrics.mae.value",
    "NaN in a text": "!(double('NaN') > 1.0)",
    "an overflowing sum": "9223372036854775807 + 1 > 0",
    "an overflowing product": "9223372036854775807 * 9223372036854775807 > 0",
    "an overflowing negation": "-(-9223372036854775808) > 0",
    "a number below nought": "0u - 1u > 0u",
    "too large for a whole number": "int(1e200) > 0",
    "an odd duration": "duration('99999999999999999h') > duration('0s')",
    "an odd time": "timestamp('9999999-01-01T00:00:00Z') > timestamp('2000-01-01T00:00:00Z')",
    "a time zone": "timestamp('2000-01-01T00:00:00Z').getHours('Europe/Berlin') == 1",
    # bytes and text
    "bytes": "b'a' == b'a'",
    "bytes of a text": "bytes('a') == bytes('a')",
    "a nought in a name": "metrics\x00 == metrics",
    "a name from right to left": "\u202eeurt == true",
    "a zero width space": "tr\u200bue",
    "a byte order mark in the middle": "true \ufeff&& true",
    "full width letters": "\uff54\uff52\uff55\uff45",
    "curly quotes": "\u201ctrue\u201d == \u201ctrue\u201d",
    "a Greek question mark": "true \u037e",
    "a lone surrogate": "'\\ud800' != ''",
    "a code beyond Unicode": "'\\U00110000' != ''",
    # errors that hide
    "a million steps or true": nested("all", 2, "true") + " || true",
    "too much memory or true": "[many]" + ".map(x, x + x + x + x + x + x)" * 8 + " != [] || true",
    "an error or a failure": "metrics.none.low > 0.5 || false",
    "an error and a success": "metrics.none.low > 0.5 && true",
    "an error that is denied": "!(metrics.none.low > 0.5)",
    "an error in a loop": "many.all(v, v.none > 0.5)",
    "an error at the end": "many.all(v, v < 999.0 || nothing.none)",
    "an error that is compared": "metrics.none == metrics.none",
    "null with a field": "nothing.none == null",
    "null that is compared": "nothing >= 0.5",
    "a text for true": "'true'",
    "one for true": "1",
    "a list with true": "[true]",
    "a type": "bool",
    "a parameter that is not there": "params.none <= 1.0",
    "a section that is not there": "comparisons.mae.low > 0.0",
    "a context that is not there": "context.now == context.now",
    # our own functions
    "a margin that is text": "p_worse(comparison, '0.1') >= 0.0",
    "a margin of the wrong type": "p_worse(comparison, comparison.odd) >= 0.0",
    "a comparison without numbers": "p_better(metrics, 0.1) >= 0.0",
    "a null comparison": "p_better(nothing, 0.1) >= 0.0",
    "values beyond 0..1": "holm(many) != []",
    "values that are text": "holm(words) != []",
    "too many values": "holm(" + "+".join(["many"] * 11) + ") != []",
    "a method that is none": "comparison.p_worse(0.1) >= 0.0",
    # names of the language behind the language
    "Python's attributes": "metrics.__class__.__name__ != ''",
    "Python's import": "__import__('os').system('true') == 0",
    "an internal function": "@not_strictly_false(true)",
    "an internal operator": "_==_(1, 1)",
    "an internal variable": "many.all(v, @result)",
    "a message": "google.protobuf.BoolValue{value: true}",
    "a message of any": "google.protobuf.Any{} == google.protobuf.Any{}",
    "nothing": "",
    "a colon": "true;",
    "a template": "{{ true }}",
}  # fmt: skip


# Runs a child as the interpreter would, and writes down the most memory it had.
MEASURING = """\
import resource, subprocess, sys
code = subprocess.run([{python!r}, *sys.argv[1:]]).returncode
with open({peaks!r}, "a") as peaks:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=peaks)
sys.exit(code if code >= 0 else 128 - code)
"""


@pytest.fixture(scope="module")
def refused() -> frozenset[str]:
    """Those that are no expression, or not one that may be evaluated."""
    compiled = CelEngine().compile(EVIDENCE, list(BOMBS.values()))
    kinds = {flaw.kind for one in compiled for flaw in one.flaws}

    assert "lost" not in kinds
    return frozenset(name for name, one in zip(BOMBS, compiled, strict=True) if one.flaws)


def asked(*names: str, engine: CelEngine) -> tuple[Answer, ...]:
    """The answers to the bombs *names*, and to a sound question before them."""
    questions = [Question(BOMBS[name], {"pattern": "a+"}) for name in names]
    before, *answers = engine.evaluate(EVIDENCE, [Question("true", {}), *questions])
    assert before.is_true
    return tuple(answers)


def test_there_are_a_hundred() -> None:
    assert len(BOMBS) >= 100


def test_most_are_refused_before_they_are_evaluated(refused: frozenset[str]) -> None:
    assert len(refused) >= len(BOMBS) // 2


def test_what_is_refused_is_an_error_of_the_evaluation_too(refused: frozenset[str]) -> None:
    names = sorted(refused)

    for name, answer in zip(names, asked(*names, engine=CelEngine()), strict=True):
        assert answer.kind == "error", name
        assert answer.error, name


def test_what_is_not_refused_ends_within_its_limits(
    refused: frozenset[str], tmp_path: Path
) -> None:
    """A child for each: neither time nor memory may be what another one left over."""
    peaks, program, interpreter = (tmp_path / name for name in ("peaks", "program.py", "python"))
    program.write_text(MEASURING.format(python=sys.executable, peaks=str(peaks)))
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    interpreter.chmod(0o755)
    engine = CelEngine(interpreter=str(interpreter))
    left = BOMBS.keys() - refused
    for name in sorted(left):
        begun = time.monotonic()
        [answer] = asked(name, engine=engine)
        spent = time.monotonic() - begun

        # What is neither true nor false is an error of the rule.
        assert answer.kind == "error" or not isinstance(answer.value, bool), name
        assert spent <= BUDGET_S, name
    peaks_kib = [int(line) for line in peaks.read_text().split()]
    assert len(peaks_kib) == len(left)
    assert max(peaks_kib) <= MEMORY_BYTES >> 10


def chain(first: str, step: str, times: int) -> tuple[Variable, ...]:
    """Variables `v0`, `v1` and so on, each with *step* of the one before it at `{}`."""
    steps = [step.replace("{}", f"variables.v{place}") for place in range(times)]
    return tuple(Variable(f"v{place}", text) for place, text in enumerate([first, *steps]))


# By what grows: each expression is within its limits, and together they are not.
CHAINS = {
    "a text that doubles": chain("words[0]", "{} + {}", 40),
    "a list that doubles": chain("many", "{} + {}", 40),
    "a list of a list of it": chain("many", listed("{}", 100), 8),
    "a list with itself for each element": chain("many", "{}.map(x, {})", 3),
    "a list of the largest lists": chain("grid + grid", listed("{}", 150), 2),
    "longer than anybody reads": chain("1.0", "{}", 5_000),
}


@pytest.mark.parametrize("name", CHAINS)
def test_variables_that_grow_from_each_other_end_as_errors(name: str) -> None:
    variables = CHAINS[name]
    last = f"variables.{variables[-1].name}"
    asked = [
        Question(text, {}, variables) for text in ("true", f"{last} == {last}", f"true || {last}")
    ]

    begun = time.monotonic()
    before, *answers = CelEngine().evaluate(EVIDENCE, asked)

    assert before.is_true
    assert [answer.kind for answer in answers] == ["error"] * 2
    assert time.monotonic() - begun <= BUDGET_S
