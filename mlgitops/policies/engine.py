"""Judges evidence by bound policies, as pure functions around one batch of CEL.

`questions` says what to evaluate, whoever has an engine evaluates it, `judge`
makes a decision of the answers. Whatever is not known to be true does not pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlgitops.model.evidence import Evidence
from mlgitops.model.policy import Rule, Waiver
from mlgitops.model.verdict import (
    Answer,
    Context,
    Decision,
    GateResult,
    Question,
    RuleResult,
    Verdict,
    moment,
)
from mlgitops.policies.binding import NEVER_LOWERED, BoundPolicy
from mlgitops.policies.messages import fields, fill
from mlgitops.policies.requirements import metrics_asked
from mlgitops.policies.waivers import considered, elsewhere, told, waive

_WORST_FIRST = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
_DECIDING = frozenset({"soft", "hard"})
# In place of a rule's own words, which are about models that were judged.
_REPAIR = (
    "No model passes what cannot be judged: mend the rule, or see that the value it reads is in "
    "the evidence. `mlgitops check` shows wrong expressions; `has(…)` asks whether one is there."
)
_CONTRADICTION = (
    "No model passes what fails it as well: mend the rule, whose `pass` and `fail` have to exclude "
    "each other, as `low` in the one and `high` in the other do."
)


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: *evidence* with its *digest*, and what is known besides it.

    *waivers* are all there are, whomever they are for; *engine* names what evaluates.
    """

    evidence: Evidence
    digest: str
    context: Context
    waivers: tuple[Waiver, ...]
    engine: str

    @property
    def variables(self) -> dict[str, Any]:
        """What expressions can name besides their parameters."""
        return {**self.evidence, "context": self.context}


# The id of a rule, and the answers to its `pass` and, if it has one, its `fail`.
RuleAnswers = tuple[str, Answer, Answer | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy comes to; its *verdict* counts only where it *applies*.

    *rules* has the verdict of each, by its id, and an error called `when` where nobody
    knows whether the policy applies.
    """

    applies: bool
    verdict: Verdict
    rules: tuple[tuple[str, Verdict], ...]


def questions(bound: Sequence[BoundPolicy]) -> tuple[Question, ...]:
    """Every expression of every policy, in the order that `judge` takes answers."""
    return tuple(
        Question(expression, one.parameters, one.policy.variables)
        for one in bound
        for expression in _expressions(one)
    )


def judge(bound: Sequence[BoundPolicy], answers: Sequence[Answer], case: Case) -> Decision:
    """Decide from *answers*, which are aligned with `questions(bound)`.

    Without any soft or hard gate that applies, `not-sampled` apart, the verdict is
    an error: no model was judged.

    Raises:
        ValueError: there are more or fewer answers than questions.
    """
    asked = sum(1 for one in bound for _ in _expressions(one))
    if asked != len(answers):
        raise ValueError(f"{asked} questions have {len(answers)} answers")
    remaining = iter(answers)
    subject = case.evidence["subject"]
    model, candidate = subject["model"], subject["candidate"]
    today = moment(case.context).date()
    waivers = considered(case.waivers, model=model, candidate=candidate, today=today)
    others = elsewhere(case.waivers, model=model, candidate=candidate, today=today)
    gates = tuple(waive(_gate(one, remaining), waivers) for one in bound)
    return Decision(
        environment=case.evidence["environment"],
        candidate=candidate,
        evidence=case.digest,
        verdict=_overall(gates),
        gates=gates,
        model=model,
        context=case.context,
        waivers=told(waivers, others, gates),
        engine=case.engine,
    )


def gate_result(one: BoundPolicy, answers: Sequence[Answer]) -> GateResult:
    """What *one* says by itself, waivers apart; *answers* are aligned with its `questions`."""
    return _gate(one, iter(answers))


def outcome(when: Answer | None, rules: Sequence[RuleAnswers]) -> Outcome:
    """What the answers to a policy's `when`, None where it has none, and *rules* come to."""
    found = [(name, rule_verdict(passes, fails)) for name, passes, fails in rules]
    if when is not None and not when.is_true:
        if _is_boolean(when):
            # A policy that does not apply has decided nothing; it has not passed.
            return Outcome(False, Verdict.INCONCLUSIVE, ())
        found.insert(0, ("when", Verdict.ERROR))
    if not rules:
        found.append(("rules", Verdict.ERROR))
    return Outcome(True, worst(verdict for _, verdict in found), tuple(found))


def rule_verdict(passes: Answer, fails: Answer | None) -> Verdict:
    """What the answers to a rule's `pass` and, if it has one, its `fail` come to.

    A rule that says both is wrong, so it is an error.
    """
    if not _is_boolean(passes) or (fails is not None and not _is_boolean(fails)):
        return Verdict.ERROR
    if passes.is_true:
        return Verdict.ERROR if fails is not None and fails.is_true else Verdict.PASS
    if fails is None or fails.is_true:
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that decides: error, fail, inconclusive, pass.

    Raises:
        ValueError: there is none.
    """
    return min(verdicts, key=_WORST_FIRST.index)


def _expressions(one: BoundPolicy) -> Iterator[str]:
    if one.policy.when is not None:
        yield one.policy.when
    for rule in one.policy.rules:
        yield rule.passes
        if rule.fails is not None:
            yield rule.fails
        yield from fields(rule.message)


def _gate(one: BoundPolicy, answers: Iterator[Answer]) -> GateResult:
    """The gate's result; takes the policy's answers from *answers*, all of them."""
    when = next(answers) if one.policy.when is not None else None
    asked, messages = [], []
    for rule in one.policy.rules:
        passes = next(answers)
        asked.append((rule.id, passes, next(answers) if rule.fails is not None else None))
        messages.append(fill(rule.message, [next(answers) for _ in fields(rule.message)]))
    found = outcome(when, asked)
    results: list[RuleResult] = []
    if found.applies:
        results = list(map(_rule, one.policy.rules, asked, messages))
        if when is not None and not when.is_true:
            results.insert(0, _unknown_condition(one.policy.when, when))
        if not one.policy.rules:
            results.append(
                RuleResult("rules", Verdict.ERROR, "the policy has no rule", "add a rule to it")
            )
    return GateResult(
        policy=one.policy.name,
        parameters=one.parameters,
        level=one.level,
        applies=found.applies,
        verdict=found.verdict,
        rules=tuple(results),
        metrics=metrics_asked(one.policy, one.parameters),
        digest=one.digest,
        blocks_from=one.blocks_from.isoformat() if one.blocks_from else None,
    )


def _rule(rule: Rule, asked: RuleAnswers, message: str) -> RuleResult:
    _, passes, fails = asked
    for answer in (passes, fails):
        if answer is not None and not _is_boolean(answer):
            message = f"{message} (not judged: {_why(answer)})"
            return RuleResult(rule.id, Verdict.ERROR, message, _REPAIR)
    verdict = rule_verdict(passes, fails)
    if verdict is Verdict.ERROR:
        message = f"{message} (not judged: `pass` and `fail` are both true)"
        return RuleResult(rule.id, verdict, message, _CONTRADICTION)
    return RuleResult(rule.id, verdict, message, rule.remediation)


def _unknown_condition(when: str | None, answer: Answer) -> RuleResult:
    return RuleResult(
        "when",
        Verdict.ERROR,
        f"whether the policy applies is unknown: {when} (not judged: {_why(answer)})",
        "correct the policy's `when`, or the evidence that it reads",
    )


def _is_boolean(answer: Answer) -> bool:
    return answer.kind == "value" and isinstance(answer.value, bool)


def _why(answer: Answer) -> str:
    return answer.error if answer.kind == "error" else "the result is neither true nor false"


def _overall(gates: Sequence[GateResult]) -> Verdict:
    judged = [gate for gate in gates if gate.policy not in NEVER_LOWERED]
    if not any(gate.applies and gate.level in _DECIDING for gate in judged):
        return Verdict.ERROR
    blocking = [gate.verdict for gate in gates if gate.is_blocking]
    return worst(blocking) if blocking else Verdict.PASS
