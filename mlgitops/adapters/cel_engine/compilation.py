"""In the child: which expressions may be evaluated, and what is wrong with the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mlgitops.adapters.cel_engine import LONGEST_REASON

LONGEST_EXPRESSION = 2_048
# What the compiler raises, memory and deep nesting included.
FAULTS = (RuntimeError, ValueError, TypeError, MemoryError, OverflowError)
_MOST_FLAWS = 10
# Functions by the names that the checked syntax tree carries. Division is the
# only way from finite numbers to infinity or NaN with ordinary evidence, and
# `1.0 / 0.0 >= params.min` would be true.
_REFUSED = {
    b"_/_": "division is not allowed: write `a >= b * c` instead of `a / c >= b`",
    b"_%_": "the remainder `%` is not allowed",
}
_NOISE = re.compile(r"^(?:[A-Z_]+: )+|(?:<input>:-?\d+:-?\d+: )|\s*\[[A-Z_]+\]$")
# Lines of the expression itself come with ` | ` before them, so none is taken for an error.
_ERROR = re.compile(
    r"^(?:[A-Z_]+: )?ERROR: <input>:(\d+):(\d+): (.*?)(?: \[[A-Z_]+\])?$", re.MULTILINE
)
_UNDECLARED = re.compile(r"undeclared reference to '(.+)' \(in container ''\)")
_NO_OVERLOAD = re.compile(r"found no matching overload for '(.+)' applied to '(.*)'")
_RANGE = re.compile(r"expression of type '(.+)' cannot be the range of a comprehension .*")
_EXPECTED_TOKENS = re.compile(r" expecting \{.*\}$")
# What follows from another error, which is listed.
_IN_CONSEQUENCE = "*error*"
# `params.<name>` in the serialized tree: an identifier, and the field selected of it.
_PARAMETER = re.compile(rb'"\x08\n\x06params\x12([\x01-\x40])', re.DOTALL)


def environment(engine: Any, names: Iterable[str]) -> Any:
    """What expressions can name: *names*, those that can be, and `params`."""
    variables = [name for name in names if name.isidentifier()]
    return engine.NewEnv(variables=dict.fromkeys([*variables, "params"], engine.Type.DYN))


def permitted(known: Any, expression: str) -> Any:
    """The compiled *expression*.

    Raises:
        ValueError: it is too long, or calls what is not allowed.
        RuntimeError: it does not compile.
    """
    if len(expression) > LONGEST_EXPRESSION:
        raise ValueError(
            f"the expression has {len(expression):,} characters; {LONGEST_EXPRESSION:,} are allowed"
        )
    compiled = known.compile(expression)
    tree = compiled.serialize()
    for function, why in _REFUSED.items():
        if function in tree:
            raise ValueError(why)
    return compiled


def findings(
    engine: Any, names: Sequence[str], expressions: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """`{"type": …, "parameters": […]}` or `{"flaws": [{…}]}` for each expression, in order."""
    known = environment(engine, names)
    for expression in expressions:
        try:
            yield _finding(known, expression)
        except FAULTS as error:
            yield {"flaws": [_flaw("limit", reason(error))]}


def reason(error: BaseException | str) -> str:
    """The first line of what the engine says, without its codes."""
    text = str(error) or type(error).__name__
    line = text.splitlines()[0] if text else ""
    return _NOISE.sub("", line).removeprefix("ERROR: ")[:LONGEST_REASON]


def _finding(known: Any, expression: str) -> dict[str, Any]:
    try:
        compiled = permitted(known, expression)
    except RuntimeError as error:
        flaws = list(_flaws(str(error), expression))
        if not flaws:
            raise
        return {"flaws": flaws[:_MOST_FLAWS]}
    return {"type": compiled.return_type().name(), "parameters": _parameters(compiled.serialize())}


def _flaws(report: str, expression: str) -> Iterator[dict[str, Any]]:
    """Each error of the compiler's *report*; of a syntax error the first, as others follow it."""
    for line, column, message in _ERROR.findall(report):
        at = _offset(expression, int(line), int(column))
        if _IN_CONSEQUENCE in message:
            continue
        if match := _UNDECLARED.fullmatch(message):
            yield _flaw("name", message, _start_of(expression, match[1], at), match[1])
        elif match := _NO_OVERLOAD.fullmatch(message):
            operator = match[1].strip("@_").replace("_", "")
            yield _flaw("type", f"`{operator}` does not take {match[2]}", at, operator)
        elif match := _RANGE.fullmatch(message):
            yield _flaw("type", f"{match[1]} is nothing to go through: neither list nor map", at)
        else:
            yield _flaw("syntax", _readable(message), at)
            return


def _readable(message: str) -> str:
    text = _EXPECTED_TOKENS.sub("", message.removeprefix("Syntax error: "))
    if text.startswith("mismatched input '<EOF>'"):
        return "it ends too early"
    return text.replace("'<EOF>'", "the end").replace("<EOF>", "the end")


def _flaw(kind: str, message: str, at: int | None = None, subject: str = "") -> dict[str, Any]:
    return {"kind": kind, "message": message[:LONGEST_REASON], "at": at, "subject": subject}


def _offset(expression: str, line: int, column: int) -> int:
    before = expression.split("\n")[: line - 1]
    return min(sum(len(one) + 1 for one in before) + column - 1, len(expression))


def _start_of(expression: str, name: str, at: int) -> int:
    """Where *name* begins; the compiler points at its last dot, or the bracket behind it."""
    first = name.partition(".")[0]
    found = expression.rfind(first, 0, at + len(first))
    return found if found >= 0 else at


def _parameters(tree: bytes) -> list[str]:
    found = (tree[m.end() : m.end() + m[1][0]] for m in _PARAMETER.finditer(tree))
    return list(dict.fromkeys(name.decode(errors="replace") for name in found))
