"""What expressions of a policy read of its variables, by their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mlgitops.model.policy import Variable
from mlgitops.policies.conditions import is_path
from mlgitops.policies.tokens import Token, tokens

VARIABLES = "variables"
# A chain of names that grows with each step is not written out further.
_LONGEST_PATH = 2_048


def read(expression: str) -> tuple[str, ...]:
    """The variables that *expression* reads, each once."""
    found = tokens(expression)
    return tuple(dict.fromkeys(found[index + 2].text for index in _places(found)))


def reached(expressions: Iterable[str], variables: Sequence[Variable]) -> tuple[Variable, ...]:
    """Those of *variables* that *expressions* read, themselves or by way of others."""
    wanted = {name for expression in expressions for name in read(expression)}
    for one in reversed(variables):
        if one.name in wanted:
            wanted.update(read(one.expression))
    return tuple(one for one in variables if one.name in wanted)


def paths(variables: Iterable[Variable]) -> dict[str, str]:
    """Those that only look something up, each with the path to it in the evidence."""
    found: dict[str, str] = {}
    for one in variables:
        path = resolved(one.expression, found)
        if is_path(path) and len(path) <= _LONGEST_PATH:
            found[one.name] = " ".join(path.split())
    return found


def resolved(expression: str, paths: Mapping[str, str]) -> str:
    """*expression* with the *paths* of variables in place of their names."""
    found = tokens(expression)
    parts: list[str] = []
    end = 0
    for index in _places(found):
        name = found[index + 2]
        if name.text in paths:
            parts += [expression[end : found[index].start], paths[name.text]]
            end = name.end
    return "".join([*parts, expression[end:]])


def _places(found: Sequence[Token]) -> Iterator[int]:
    """The index of each `variables` that is followed by a dot and a name."""
    for index, token in enumerate(found[:-2]):
        is_first = index == 0 or found[index - 1].text != "."
        if token.text == VARIABLES and is_first and found[index + 1].text == ".":
            yield index
