"""What an expression looks up and nothing that is judged ever has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mlgitops.model.evidence import Evidence
from mlgitops.model.expressions import ANY, EACH, LISTED, Reading, Steps
from mlgitops.model.verdict import Context
from mlgitops.spec import evidence_shape
from mlgitops.spec.evidence_shape import Gap
from mlgitops.spec.problems import did_you_mean, shown

PARAMETERS: Final = "params"
CONTEXT: Final = "context"
VARIABLES: Final = "variables"
# What expressions can name besides their parameters and variables: the sections of the
# evidence, and what a decision knows besides it.
SECTIONS: Final = (*Evidence.__annotations__, CONTEXT)
_OF_CONTEXT: Final = tuple(Context.__annotations__)


def unknown(
    reads: Sequence[Reading], variables: Mapping[str, Steps | None]
) -> Iterator[tuple[Reading, str, str]]:
    """The first of *reads* at each path that leads nowhere, with what is wrong and a remedy.

    *variables* are those that can be read, each with where it is looked up, None for what
    it computes.
    """
    seen: set[Steps] = set()
    for one in reads:
        path = resolved(one.path, variables)
        if path is None or path in seen:
            continue
        seen.add(path)
        found = _gap(path)
        # A gap before the last step is one of another reading, of what is around this one.
        if found is not None and found.at == len(path) - 1:
            yield one, *_told(path, found)


def resolved(path: Steps, variables: Mapping[str, Steps | None]) -> Steps | None:
    """*path* from a section on, None if it leads through a variable that is computed."""
    if path[0] != VARIABLES or len(path) == 1:
        return path
    found, rest = variables.get(path[1]), path[2:]
    while found and found[-1] == LISTED and rest[:1] in ((ANY,), (EACH,)):
        found, rest = found[:-1], rest[1:]
    return (*found, *rest) if found else None


def path_text(path: Steps) -> str:
    """*path* as an expression would have it, `[]` where it is computed or gone through."""
    first, *steps = (step for step in path if step != LISTED)
    return first + "".join(map(_step, steps))


def _gap(path: Steps) -> Gap | None:
    if path[0] == CONTEXT:
        is_known = len(path) == 1 or path[1] in (ANY, EACH, *_OF_CONTEXT)
        return None if is_known else Gap(1, "fields", _OF_CONTEXT)
    return evidence_shape.gap(path) if path[0] in SECTIONS else None


def _told(path: Steps, found: Gap) -> tuple[str, str]:
    """What is wrong at the end of *path*, and what to do."""
    name, holder = path[-1], path_text(path[:-1])
    match found.form:
        case "list":
            hint = f"go through it, as in `{holder}.all(one, …)`, or take one, `{holder}[0]`"
            return f"{holder} is a list, which has no {shown(name)}", hint
        case "key":
            holder = path_text(path[:-2])
            hint = f"read what the key leads to: `keys({holder}).all(one, {holder}[one].{name} …)`"
            return f"of {holder} the keys are gone through, which have no {shown(name)}", hint
        case "value":
            return f"{holder} is a single value, which has no {shown(name)}", f"read `{holder}`"
        case "fields":
            what = "context" if path[0] == CONTEXT else "evidence"
            return f"no {what} has {path_text(path)}", did_you_mean(name, found.known)


def _step(step: str) -> str:
    if step in (ANY, EACH):
        return "[]"
    return f".{step}" if step.isidentifier() else f"[{shown(step)}]"
