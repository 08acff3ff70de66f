"""In the child: which expressions may be evaluated, and what is wrong with the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mlgitops.adapters.cel_engine import (
    LONGEST_REASON,
    checked_tree,
    functions,
    magnitudes,
    profile,
    reading,
)
from mlgitops.adapters.cel_engine.checked_tree import Node

LONGEST_EXPRESSION = 2_048
# What the compiler raises, memory and deep nesting included.
FAULTS = (RuntimeError, ValueError, TypeError, MemoryError, OverflowError)
_MOST_FLAWS = 10
# Declared whether they are given or not: what reads one that is not is an error.
_ALWAYS = ("params", "context", "variables")
_NOISE = re.compile(r"^(?:[A-Z_]+: )+|(?:<input>:-?\d+:-?\d+: )|\s*\[[A-Z_]+\]$")
# Lines of the expression itself come with ` | ` before them, so none is taken for an error.
_ERROR = re.compile(
    r"^(?:[A-Z_]+: )?ERROR: <input>:(\d+):(\d+): (.*?)(?: \[[A-Z_]+\])?$", re.MULTILINE
)
_UNDECLARED = re.compile(r"undeclared reference to '(.+)' \(in container ''\)")
_NO_OVERLOAD = re.compile(r"found no matching overload for '(.+)' applied to '(.*)'")
_RANGE = re.compile(r"expression of type '(.+)' cannot be the range of a comprehension .*")
_EXPECTED_TOKENS = re.compile(r" expecting \{.*\}$")
# What the engine says of its own limits, and of what it was not given.
_IN_WORDS = (
    (re.compile(r".*\brecursion (?:limit exceeded|depth)\b.*"), "it is nested too deep"),
    (re.compile(r"Iteration budget exceeded"), "it looks at too many elements"),
    (re.compile(r"std::bad_alloc|MemoryError"), "it takes too much memory"),
    (re.compile(r'No value with name "(.+)" found in Activation'), r"nothing is known of \1"),
)
# What follows from another error, which is listed.
_IN_CONSEQUENCE = "*error*"


@dataclass(frozen=True, slots=True)
class Permitted:
    """A *compiled* expression that may be evaluated, and the names of *variables* that it reads."""

    compiled: Any
    variables: tuple[str, ...]
    root: Node
    bound: float
    """The largest power of ten in it, over evidence and parameters of any size."""


class Expressions:
    """Expressions that can name *names*, each compiled and checked once."""

    def __init__(self, engine: Any, names: Iterable[str]) -> None:
        self._known = environment(engine, names)
        self._permitted: dict[str, Permitted] = {}

    def permitted(self, expression: str) -> Permitted:
        """The compiled *expression*.

        Raises:
            ValueError: it may not be evaluated.
            RuntimeError: it does not compile.
        """
        if expression not in self._permitted:
            compiled, tree = _compiled(self._known, expression)
            for refusal in profile.refusals(tree):
                raise ValueError(refusal)
            bound = magnitudes.bound(tree.root, magnitudes.GIVEN)
            self._permitted[expression] = Permitted(
                compiled, profile.variables(tree), tree.root, bound
            )
        return self._permitted[expression]

    def activation(self, values: Mapping[str, Any]) -> Any:
        """*values* by name, which are converted once for all that is evaluated with it."""
        return self._known.Activation(values)


def environment(engine: Any, names: Iterable[str]) -> Any:
    """What expressions can name: *names*, those that can be, and what is declared always."""
    usable = [name for name in names if name.isidentifier()]
    return engine.NewEnv(
        variables=dict.fromkeys([*usable, *_ALWAYS], engine.Type.DYN),
        extensions=[functions.extension(engine)],
    )


def _compiled(known: Any, expression: str) -> tuple[Any, checked_tree.Tree]:
    if len(expression) > LONGEST_EXPRESSION:
        raise ValueError(
            f"the expression has {len(expression):,} characters; {LONGEST_EXPRESSION:,} are allowed"
        )
    compiled = known.compile(expression)
    return compiled, checked_tree.read(compiled.serialize())


def findings(
    engine: Any, names: Sequence[str], expressions: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """For each expression, in order, what `Compiled` has of it: its type or its flaws."""
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
    said = _NOISE.sub("", line).removeprefix("ERROR: ").rstrip()
    for pattern, words in _IN_WORDS:
        said = pattern.sub(words, said)
    return said[:LONGEST_REASON]


def _finding(known: Any, expression: str) -> dict[str, Any]:
    try:
        compiled, tree = _compiled(known, expression)
    except RuntimeError as error:
        flaws = list(_flaws(str(error), expression))
        if not flaws:
            raise
        return {"flaws": flaws[:_MOST_FLAWS]}
    if refused := [_flaw("limit", refusal) for refusal in profile.refusals(tree)]:
        return {"flaws": refused[:_MOST_FLAWS]}
    found = reading.read(tree, expression)
    return {
        "type": compiled.return_type().name(),
        "reads": [[one.path, one.at] for one in found.reads],
        "compared": [asdict(one) for one in found.compared],
        "path": found.path,
        "always": _always(known, compiled),
    }


def _always(known: Any, compiled: Any) -> bool | None:
    """What *compiled* comes to where whatever it reads is an error, if that is true or false."""
    try:
        value = compiled.eval(known.Activation({})).value()
    except FAULTS:
        return None
    return value if isinstance(value, bool) else None


def _flaws(report: str, expression: str) -> Iterator[dict[str, Any]]:
    """Each error of the compiler's *report*; of a syntax error the first, as others follow it."""
    for line, column, message in _ERROR.findall(report):
        at = _offset(expression, int(line), int(column))
        if _IN_CONSEQUENCE in message:
            continue
        if (match := _UNDECLARED.fullmatch(message)) and match[1] in functions.SIGNATURES:
            wanted = f"`{match[1]}` takes {functions.SIGNATURES[match[1]]}"
            yield _flaw("type", wanted, _start_of(expression, match[1], at), match[1])
        elif match:
            yield _flaw("name", message, _start_of(expression, match[1], at), match[1])
        elif match := _NO_OVERLOAD.fullmatch(message):
            operator = _written(match[1])
            yield _flaw("type", f"`{operator}` does not take {match[2]}", at, operator)
        elif match := _RANGE.fullmatch(message):
            yield _flaw("type", f"{match[1]} is nothing to go through: neither list nor map", at)
        else:
            yield _flaw("syntax", _readable(message), at)
            return


def _written(function: str) -> str:
    """`_>=_` and `@in` as one writes them; a function's own name has no bars around it."""
    return function.strip("@_").replace("_", "") if function[0] in "@_" else function


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
