"""Tries a policy on documents that were changed on purpose, and says what came of it.

Pure: whoever has an engine asks it `questions`, and hands the answers to `result`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlgitops.model.policy import Expected, Policy, PolicyCase, PolicyTest
from mlgitops.model.policy_report import NOT_APPLICABLE, CaseResult, Side
from mlgitops.model.verdict import Answer, Question, Verdict
from mlgitops.policies import engine
from mlgitops.policies.binding import BoundPolicy, is_of_pipeline

SIDES: tuple[Side, ...] = ("pass", "fail", "missing")
_SIDES: Mapping[Verdict, Side] = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.INCONCLUSIVE: "fail",
    Verdict.ERROR: "missing",
}
_ABSENT = object()

# A place in the case, as `set` and its path, and what is wrong there.
Fault = tuple[tuple[str | int, ...], str]


@dataclass(frozen=True, slots=True)
class Trial:
    """A case, ready to be judged: what expressions can name, and the bound policy."""

    case: PolicyCase
    variables: Mapping[str, Any]
    bound: BoundPolicy

    @property
    def questions(self) -> tuple[Question, ...]:
        """What to ask about `variables`."""
        return engine.questions((self.bound,))


def parameters(policy: Policy, test: PolicyTest, case: PolicyCase) -> dict[str, Any]:
    """The parameters of *case*; what has no value in a test is absent.

    A test has no pipeline, so there are no metrics of one either.
    """
    given = {**test.parameters, **case.parameters}
    found = {one.name: given.get(one.name, one.default) for one in policy.parameters}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value is not None and (name in given or not is_of_pipeline(value))
    }


def trial(policy: Policy, test: PolicyTest, case: PolicyCase, evidence: Mapping[str, Any]) -> Trial:
    """*case* of *test*, whose document is *evidence* as the case changes it."""
    context = {
        "now": test.now,
        "stage": "test",
        "environment": evidence.get("environment", ""),
        **case.context,
    }
    bound = BoundPolicy(policy, parameters(policy, test, case), "hard")
    return Trial(case, {**evidence, "context": context}, bound)


def changed(evidence: Mapping[str, Any], case: PolicyCase) -> tuple[dict[str, Any], list[Fault]]:
    """*evidence* as *case* has it, and the changes that change nothing or cannot be made."""
    document: dict[str, Any] = copy.deepcopy(dict(evidence))
    faults: list[Fault] = []
    for index, path in enumerate(case.removed):
        if not _remove(document, steps(path)):
            faults.append((("remove", index), f"nothing is at {path}"))
    for path, value in case.values.items():
        if _is_same(_found(document, steps(path)), value):
            faults.append((("set", path), f"{path} has this value already"))
        elif not _set(document, steps(path), value):
            why = _length(document, steps(path)) or f"no value can be set at {path}"
            faults.append((("set", path), why))
    return document, faults


def created(evidence: Mapping[str, Any], case: PolicyCase) -> tuple[str, ...]:
    """The paths that *case* sets and *evidence* does not have."""
    return tuple(path for path in case.values if _found(evidence, steps(path)) is _ABSENT)


def steps(path: str) -> tuple[str, ...]:
    """The keys and indices of a dotted path or, as RFC 6901 has them, of a JSON pointer."""
    if not path.startswith("/"):
        return tuple(path.split("."))
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/"))


def result(one: Trial, answers: Sequence[Answer]) -> CaseResult:
    """What *answers* to the questions of *one* come to."""
    gate = engine.gate_result(one.bound, answers)
    verdicts = {rule.rule: rule.verdict for rule in gate.rules}
    found = list(surprises(one.case.expected, gate.verdict if gate.applies else None, verdicts))
    message = one.case.expected.message
    if message and not any(message in rule.message for rule in gate.rules):
        found.append(f"no rule says {message!r}")
    return CaseResult(one.case, gate, tuple(found))


def surprises(
    expected: Expected, verdict: Verdict | None, rules: Mapping[str, Verdict]
) -> Iterator[str]:
    """Where *verdict*, None for not applicable, and those of *rules* are not as expected."""
    found = NOT_APPLICABLE if verdict is None else str(verdict)
    if found != expected.verdict:
        yield f"{expected.verdict} was expected, {found} was found"
    elif expected.rules:
        there = {name for name, one in rules.items() if one == expected.verdict}
        if there != set(expected.rules):
            wanted, named = ", ".join(expected.rules), ", ".join(sorted(there))
            yield f"{expected.verdict} was expected of {wanted}, and is of {named}"


def uncovered(policy: Policy, results: Sequence[CaseResult]) -> tuple[tuple[str, Side], ...]:
    """Each rule of *policy* with what no case of *results* has shown of it, as expected."""
    shown = {
        (rule.rule, _SIDES[rule.verdict])
        for one in results
        if not one.surprises
        for rule in one.gate.rules
    }
    wanted = [(rule.id, side) for rule in policy.rules for side in SIDES]
    return tuple(pair for pair in wanted if pair not in shown)


def _found(document: Any, path: Sequence[str]) -> Any:
    for step in path:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _ABSENT
    return document


def _length(document: Any, path: Sequence[str]) -> str | None:
    """How many items the list has that *path* goes beyond; None if it goes beyond none."""
    for end in range(len(path)):
        holder = _found(document, path[:end])
        if isinstance(holder, list) and path[end].isdecimal() and int(path[end]) >= len(holder):
            there = "is 1 item" if len(holder) == 1 else f"are {len(holder)} items"
            return f"there {there} in {'.'.join(path[:end])}, and {path[end]} is none of them"
    return None


def _is_same(before: Any, value: Any) -> bool:
    """True and 1 are equal to Python and not to a policy."""
    return bool(before == value) and isinstance(before, bool) == isinstance(value, bool)


def _remove(document: Any, path: Sequence[str]) -> bool:
    holder = _found(document, path[:-1])
    if _found(document, path) is _ABSENT:
        return False
    if isinstance(holder, list):
        del holder[int(path[-1])]
    else:
        del holder[path[-1]]
    return True


def _set(document: Any, path: Sequence[str], value: Any) -> bool:
    """Set *value*, making the mappings on the way; one behind the end of a list is added."""
    holder = document
    for step in path[:-1]:
        if isinstance(holder, dict):
            holder.setdefault(step, {})
        holder = _found(holder, [step])
    last = path[-1]
    if isinstance(holder, dict):
        holder[last] = copy.deepcopy(value)
    elif isinstance(holder, list) and last.isdecimal() and int(last) <= len(holder):
        holder[int(last) : int(last) + 1] = [copy.deepcopy(value)]
    else:
        return False
    return True
