"""Why rules do not pass: each condition of theirs that is not true, with its values.

A second batch of questions, of those rules alone. An explanation decides nothing:
what cannot be told of a condition is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlgitops.model.policy import Rule
from mlgitops.model.verdict import (
    Answer,
    Decision,
    Finding,
    GateResult,
    Question,
    RuleResult,
    Verdict,
)
from mlgitops.policies.binding import BoundPolicy
from mlgitops.policies.conditions import (
    Comparison,
    Quantified,
    comparison,
    conjuncts,
    entries,
    filled,
    is_path,
    quantified,
)
from mlgitops.policies.variables import paths, read, resolved

# An expression as it is shown.
_Show = Callable[[str], str]

_MOST_OFFENDERS = 10
_MOST_ITEMS = 10
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class _Clause:
    """One condition, and what it is asked about; *is_failing*: it is of the rule's `fail`."""

    expression: str
    is_failing: bool
    comparison: Comparison | None
    quantified: Quantified | None

    @property
    def questions(self) -> tuple[str, ...]:
        if self.quantified:
            each = self.quantified
            name = each.variable
            label = f'has({name}.name) ? {name}.name : has({name}.column) ? {name}.column : ""'
            broken = f"{each.items}.filter({name}, {each.offence})"
            return (
                self.expression,
                f"{each.items}.map({name}, {each.offence})",
                f"{broken}.map({name}, {label})",
                f"{broken}.map({name}, {name})",
            )
        if self.comparison:
            return (self.expression, self.comparison.left, self.comparison.right)
        return (self.expression,)


def questions(bound: Sequence[BoundPolicy], decision: Decision) -> tuple[Question, ...]:
    """What to ask of the rules in *decision*, which is of *bound*, that did not pass."""
    return tuple(
        Question(expression, one.parameters, one.policy.variables)
        for one, gate in zip(bound, decision.gates, strict=True)
        for result in gate.rules
        for clause in _clauses(one, result)
        for expression in clause.questions
    )


def explained(
    bound: Sequence[BoundPolicy], decision: Decision, answers: Sequence[Answer]
) -> Decision:
    """*decision* with the findings that *answers*, aligned with `questions`, give.

    Raises:
        ValueError: there are more or fewer answers than questions.
    """
    asked = len(questions(bound, decision))
    if asked != len(answers):
        raise ValueError(f"{asked} questions have {len(answers)} answers")
    remaining = iter(answers)
    pairs = zip(bound, decision.gates, strict=True)
    gates = tuple(_gate(one, gate, remaining) for one, gate in pairs)
    return replace(decision, gates=gates)


def _gate(one: BoundPolicy, gate: GateResult, answers: Iterator[Answer]) -> GateResult:
    known = paths(one.policy.variables)

    def show(expression: str) -> str:
        return filled(resolved(expression, known), one.parameters)

    rules = []
    for result in gate.rules:
        found = []
        for clause in _clauses(one, result):
            taken = [next(answers) for _ in clause.questions]
            finding = _finding(clause, taken, show)
            found += [finding] if finding else []
        rules.append(replace(result, findings=tuple(found)))
    return replace(gate, rules=tuple(rules))


def _clauses(one: BoundPolicy, result: RuleResult) -> tuple[_Clause, ...]:
    rule = next((rule for rule in one.policy.rules if rule.id == result.rule), None)
    if rule is None or result.verdict is Verdict.PASS:
        return ()
    return tuple(_clauses_of(rule, result.verdict))


def _clauses_of(rule: Rule, verdict: Verdict) -> Iterator[_Clause]:
    for part in conjuncts(rule.passes):
        yield _Clause(part, False, comparison(part), quantified(part))
    # `fail` is what is wrong only where it could not be judged.
    if verdict is Verdict.ERROR and rule.fails is not None:
        for part in conjuncts(rule.fails):
            yield _Clause(part, True, None, None)


def _finding(clause: _Clause, answers: Sequence[Answer], show: _Show) -> Finding | None:
    """What *answers* to the clause's questions show; None where it does not stand in the way."""
    whole, *parts = answers
    if whole.is_true or (clause.is_failing and whole.kind == "value"):
        return None
    expression = show(clause.expression)
    if clause.quantified:
        return _offences(expression, clause.quantified, answers, show)
    if clause.comparison is None:
        error = _error(whole)
        return Finding(expression, error=error)
    left, right = parts
    return Finding(
        expression,
        source=show(clause.comparison.left),
        left=_plain(left.value),
        operator=clause.comparison.operator,
        right=_plain(right.value),
        error=_error(whole),
    )


def _offences(expression: str, each: Quantified, answers: Sequence[Answer], show: _Show) -> Finding:
    whole, flags, labels, items = answers
    source = show(each.items)
    error = _error(whole)
    if flags.kind == "error" or not isinstance(flags.value, list):
        # Some item decides, and another one cannot be judged.
        return Finding(expression, source=source, error=error or _error(flags))
    places = [place for place, is_broken in enumerate(flags.value) if is_broken is True]
    names = _names(labels.value) or _names(items.value)
    shown = [
        names[order] if order < len(names) and names[order] else _place(source, place)
        for order, place in enumerate(places[:_MOST_OFFENDERS])
    ]
    return Finding(
        expression,
        source=source,
        offenders=tuple(filter(None, shown)),
        offending=len(places),
        items=len(flags.value),
        error=error,
    )


def _error(answer: Answer) -> str:
    """Why *answer*, to a condition, is neither true nor false; empty where it is."""
    if answer.kind == "error":
        return answer.error
    return "" if isinstance(answer.value, bool) else "the result is neither true nor false"


def _place(source: str, place: int) -> str:
    """Where an item without a name is in the evidence; nothing for what was computed of it."""
    if is_path(source):
        return "" if read(source) else f"{source}[{place}]"
    written = entries(source)
    return written[place] if place < len(written) and is_path(written[place]) else ""


def _names(value: Any) -> list[str]:
    """Texts that tell items apart; a text names itself, and a number does not."""
    if not isinstance(value, list):
        return []
    return [item[:_LONGEST_TEXT] if isinstance(item, str) else "" for item in value]


def _plain(value: Any) -> Any:
    """*value* as a decision records it: scalars and short lists of them, of others the kind."""
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, dict):
        return f"a mapping of {len(value)}"
    if isinstance(value, list):
        is_short = len(value) <= _MOST_ITEMS and not any(isinstance(i, dict | list) for i in value)
        return [_plain(item) for item in value] if is_short else f"a list of {len(value)}"
    return value
