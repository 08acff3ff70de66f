"""Policies with one fault put in, to see whether their tests notice.

A test that stays as expected with every comparison turned and every threshold
moved would not notice the same slip of a person either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlgitops.model.policy_report import Mutant, Part
from mlgitops.model.spec import Policy
from mlgitops.model.verdict import Answer, Question, Verdict
from mlgitops.policies.conditions import conjuncts
from mlgitops.policies.engine import rule_verdict, worst
from mlgitops.policies.testing import Trial, surprises
from mlgitops.policies.tokens import Token, beside, tokens

_TURNED: Mapping[str, tuple[str, ...]] = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
}
_SWAPPED = {"all": "exists", "exists": "all"}
_LOOSER = frozenset({"&&", "||", "?", ":", ","})
# A threshold is moved by a tenth of itself, and by a little where it is 0.
_MOVED_PARAMETER = ("({} * 1.1 + 0.001)", "({} * 0.9 - 0.001)")


def mutants(policy: Policy) -> tuple[Mutant, ...]:
    """All of *policy*, each expression of a part once."""
    numbers = {one.name for one in policy.parameters if one.type == "number"}
    found: list[Mutant] = []
    if policy.when is not None:
        found += _of_part("", "when", policy.when, numbers)
    for rule in policy.rules:
        found += _of_part(rule.id, "pass", rule.passes, numbers)
        if rule.fails is not None:
            found += _of_part(rule.id, "fail", rule.fails, numbers)
            found.append(Mutant(rule.id, "fail", None, "left out"))
    return tuple(found)


def questions(trial: Trial, faulty: Sequence[Mutant]) -> tuple[Question, ...]:
    """What `killed` has to know of *trial*: the rules as they are, then the *faulty* ones."""
    policy = trial.bound.policy
    asked = [policy.when] if policy.when is not None else []
    for rule in policy.rules:
        asked += [rule.passes] if rule.fails is None else [rule.passes, rule.fails]
    asked += [mutant.expression for mutant in faulty if mutant.expression is not None]
    return tuple(Question(expression, trial.bound.parameters) for expression in asked)


def killed(trial: Trial, faulty: Sequence[Mutant], answers: Sequence[Answer]) -> tuple[bool, ...]:
    """Whether *trial* notices each of *faulty*; *answers* are aligned with `questions`."""
    remaining = iter(answers)
    sound = _Judged.read(trial.bound.policy, remaining)
    noticed = []
    for mutant in faulty:
        answer = None if mutant.expression is None else next(remaining)
        verdict, rules = sound.changed(mutant, answer).outcome()
        noticed.append(any(surprises(trial.case.expected, verdict, rules)))
    return tuple(noticed)


@dataclass(frozen=True, slots=True)
class _Judged:
    """The answers to a policy's conditions; *when* None where it has none."""

    when: Answer | None
    rules: Mapping[str, tuple[Answer, Answer | None]]

    @classmethod
    def read(cls, policy: Policy, answers: Iterator[Answer]) -> _Judged:
        when = next(answers) if policy.when is not None else None
        rules = {}
        for rule in policy.rules:
            passes = next(answers)
            rules[rule.id] = (passes, None if rule.fails is None else next(answers))
        return cls(when, rules)

    def changed(self, mutant: Mutant, answer: Answer | None) -> _Judged:
        if mutant.part == "when":
            return _Judged(answer, self.rules)
        passes, fails = self.rules[mutant.rule]
        if mutant.part == "fail":
            return _Judged(self.when, {**self.rules, mutant.rule: (passes, answer)})
        assert answer is not None  # noqa: S101 - only `fail` can be left out
        return _Judged(self.when, {**self.rules, mutant.rule: (answer, fails)})

    def outcome(self) -> tuple[Verdict | None, dict[str, Verdict]]:
        """The policy's verdict, None where it does not apply, and its rules'."""
        rules = {name: rule_verdict(*answers) for name, answers in self.rules.items()}
        if self.when is not None and not self.when.is_true:
            if self.when.kind == "value" and self.when.value is False:
                return None, {}
            rules["when"] = Verdict.ERROR
        return worst(rules.values()), rules


def _of_part(rule: str, part: Part, expression: str, numbers: set[str]) -> list[Mutant]:
    found: dict[str, str] = {}
    for text, fault in _changes(expression, numbers):
        if text != expression:
            found.setdefault(text, fault)
    if part != "fail":
        found.setdefault("true", "always true")
    return [Mutant(rule, part, text, fault) for text, fault in found.items()]


def _changes(expression: str, numbers: set[str]) -> Iterator[tuple[str, str]]:
    """Changed texts of *expression*, and what was done to each."""
    found = tokens(expression)
    for index, token in enumerate(found):
        for turned in _TURNED.get(token.text, ()) if token.kind == "operator" else ():
            yield _with(expression, token, turned), f"`{turned}` for `{token.text}`"
        if token.kind == "number":
            for moved in _moved(token.text):
                yield _with(expression, token, moved), f"{moved} for {token.text}"
        if token.text in _SWAPPED and _is_between(found, index, ".", "("):
            swapped = _SWAPPED[token.text]
            yield _with(expression, token, swapped), f"`{swapped}` for `{token.text}`"
        if token.text in ("&&", "||"):
            yield from _dropped(expression, found, index)
    yield from _moved_parameters(expression, found, numbers)
    yield f"!({expression})", "negated"
    yield from _negated(expression)


def _negated(expression: str) -> Iterator[tuple[str, str]]:
    parts = conjuncts(expression)
    for place, part in enumerate(parts) if len(parts) > 1 else ():
        others = [f"({one})" for one in parts]
        others[place] = f"!({part})"
        yield " && ".join(others), f"`{part}` negated"


def _moved_parameters(
    expression: str, found: Sequence[Token], numbers: set[str]
) -> Iterator[tuple[str, str]]:
    for index, token in enumerate(found[:-2]):
        name = found[index + 2]
        is_read = token.text == "params" and found[index + 1].text == "."
        if is_read and name.text in numbers and (not index or found[index - 1].text != "."):
            whole = expression[token.start : name.end]
            for form in _MOVED_PARAMETER:
                moved = form.format(whole)
                yield expression[: token.start] + moved + expression[name.end :], f"{moved}"


def _dropped(expression: str, found: Sequence[Token], at: int) -> Iterator[tuple[str, str]]:
    """*expression* without the operand on either side of the operator at *at*."""
    left, right = beside(found, at, _LOOSER)
    if left and right:
        begin, end = left[0].start, right[-1].end
        first = expression[begin : left[-1].end]
        second = expression[right[0].start : end]
        for kept, gone in ((first, second), (second, first)):
            yield expression[:begin] + kept + expression[end:], f"without `{gone}`"


def _moved(number: str) -> tuple[str, ...]:
    if not any(sign in number for sign in ".eE") and number.isdecimal():
        return (str(int(number) + 1), f"({int(number) - 1})")
    try:
        value = float(number)
    except ValueError:  # hexadecimal or unsigned
        return ()
    return (f"({value!r} * 1.1 + 0.001)", f"({value!r} * 0.9 - 0.001)")


def _is_between(found: Sequence[Token], index: int, before: str, after: str) -> bool:
    return (
        0 < index < len(found) - 1
        and found[index - 1].text == before
        and found[index + 1].text == after
    )


def _with(expression: str, token: Token, text: str) -> str:
    return expression[: token.start] + text + expression[token.end :]
