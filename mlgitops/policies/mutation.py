"""Policies with one fault put in, to see whether their tests notice.

A test that stays as expected with every comparison turned and every threshold
moved would not notice the same slip of a person either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlgitops.model.policy import Policy, Variable
from mlgitops.model.policy_report import Mutant, Part
from mlgitops.model.verdict import Answer, Question
from mlgitops.policies.conditions import conjuncts, is_path
from mlgitops.policies.engine import RuleAnswers, outcome
from mlgitops.policies.testing import Trial, surprises
from mlgitops.policies.tokens import Token, beside, tokens
from mlgitops.policies.variables import reached

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
    """All of *policy*, each expression of a part once; what only messages read has none."""
    numbers = {one.name for one in policy.parameters if one.type == "number"}
    found: list[Mutant] = []
    for variable in reached(_conditions(policy), policy.variables):
        found += _of_part(variable.name, "variable", variable.expression, numbers)
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
    policy, parameters = trial.bound.policy, trial.bound.parameters
    conditions = tuple(_conditions(policy))
    asked = [Question(one, parameters, policy.variables) for one in conditions]
    for mutant in faulty:
        if mutant.part == "variable":
            variables = tuple(_variables(policy, mutant))
            asked += [Question(one, parameters, variables) for one in conditions]
        elif mutant.expression is not None:
            asked.append(Question(mutant.expression, parameters, policy.variables))
    return tuple(asked)


def killed(trial: Trial, faulty: Sequence[Mutant], answers: Sequence[Answer]) -> tuple[bool, ...]:
    """Whether *trial* notices each of *faulty*; *answers* are aligned with `questions`."""
    remaining = iter(answers)
    sound = _Judged.read(trial.bound.policy, remaining)
    noticed = []
    for mutant in faulty:
        if mutant.part == "variable":
            changed = _Judged.read(trial.bound.policy, remaining)
        else:
            answer = None if mutant.expression is None else next(remaining)
            changed = sound.changed(mutant, answer)
        found = outcome(changed.when, changed.rules)
        verdict = found.verdict if found.applies else None
        noticed.append(any(surprises(trial.case.expected, verdict, dict(found.rules))))
    return tuple(noticed)


@dataclass(frozen=True, slots=True)
class _Judged:
    """The answers to a policy's conditions; *when* None where it has none."""

    when: Answer | None
    rules: tuple[RuleAnswers, ...]

    @classmethod
    def read(cls, policy: Policy, answers: Iterator[Answer]) -> _Judged:
        when = next(answers) if policy.when is not None else None
        rules = []
        for rule in policy.rules:
            passes = next(answers)
            rules.append((rule.id, passes, None if rule.fails is None else next(answers)))
        return cls(when, tuple(rules))

    def changed(self, mutant: Mutant, answer: Answer | None) -> _Judged:
        if mutant.part == "when":
            return _Judged(answer, self.rules)
        return _Judged(self.when, tuple(_changed(one, mutant, answer) for one in self.rules))


def _changed(rule: RuleAnswers, mutant: Mutant, answer: Answer | None) -> RuleAnswers:
    """*rule* with the *answer* that it has as *mutant*, if it is that rule."""
    name, passes, fails = rule
    if name != mutant.name:
        return rule
    if mutant.part == "fail":
        return name, passes, answer
    assert answer is not None  # noqa: S101 - only `fail` can be left out
    return name, answer, fails


def _conditions(policy: Policy) -> Iterator[str]:
    """In the order in which `_Judged` takes their answers."""
    if policy.when is not None:
        yield policy.when
    for rule in policy.rules:
        yield rule.passes
        if rule.fails is not None:
            yield rule.fails


def _variables(policy: Policy, mutant: Mutant) -> Iterator[Variable]:
    """Those of *policy*, of which *mutant* is one."""
    for one in policy.variables:
        faulty = mutant.expression if one.name == mutant.name else None
        yield one if faulty is None else replace(one, expression=faulty)


def _of_part(name: str, part: Part, expression: str, numbers: set[str]) -> list[Mutant]:
    found: dict[str, str] = {}
    for text, fault in _changes(part, expression, numbers):
        if text != expression:
            found.setdefault(text, fault)
    if part in ("when", "pass"):
        found.setdefault("true", "always true")
    return [Mutant(name, part, text, fault) for text, fault in found.items()]


def _changes(part: Part, expression: str, numbers: set[str]) -> Iterator[tuple[str, str]]:
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
    if not (part == "variable" and is_path(expression)):  # a value, which has no opposite
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
