"""Runs the tests of policies: no clock, no network, and no file but those they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.policy import Policy
from mlgitops.model.policy_report import CaseResult, Mutant, PolicyReport
from mlgitops.model.spec import Kind
from mlgitops.policies import mutation, testing
from mlgitops.policies.testing import Trial
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.problems import did_you_mean, refusal, shown
from mlgitops.spec.readings import SECTIONS
from mlgitops.usecases.policy_cases import prepared

if TYPE_CHECKING:
    from mlgitops.model.source import Diagnostic
    from mlgitops.model.spec import EvidenceReader
    from mlgitops.model.verdict import Answer, Question
    from mlgitops.ports import ExpressionEngine

# Types of what compiles to a condition; of the second only evaluation tells.
_CONDITIONS = ("BOOL", "DYN")


@dataclass(frozen=True, slots=True)
class Order:
    """Which tests to run, and how.

    *names* are of tests or of policies, empty for all. *is_builtin*: the tests of the
    built-in pack, else the repository's own.
    """

    names: tuple[str, ...] = ()
    is_builtin: bool = False
    is_mutating: bool = False


def run(
    documents: Documents, order: Order, engine: ExpressionEngine, read: EvidenceReader
) -> tuple[PolicyReport, ...]:
    """Try every policy that has tests in *documents*; one report each, by name.

    *read* gives the JSON files that tests name.

    Raises:
        SpecError: there is no such test, or all that is wrong with the tests.
        MissingExtra: the expression engine is not installed.
        Unavailable: what evaluates ended before it came to an answer.
    """
    tests = _chosen(documents, order)
    trials = _prepared(documents, tests, read)
    answers = _answers([one for _, one in trials], [one.questions for _, one in trials], engine)
    results = [
        (name, trial, testing.result(trial, given))
        for (name, trial), given in zip(trials, answers, strict=True)
    ]
    reports = []
    for name in sorted({trial.bound.policy.name for _, trial in trials}):
        policy = documents.named(Kind.POLICY)[name]
        own = [one for one in results if one[1].bound.policy.name == name]
        is_covered = order.is_builtin or not policy.is_builtin
        report = _report(own, is_covered=is_covered)
        sound = [trial for _, trial, result in own if not result.surprises]
        reports.append(_mutated(report, sound, engine) if order.is_mutating else report)
    return tuple(reports)


def _chosen(documents: Documents, order: Order) -> list[Document]:
    tests = [one for one in documents.of(Kind.POLICY_TEST) if one.is_builtin is order.is_builtin]
    if not tests:
        hint = "write one to mlops/policy-tests (docs/policies.md), or try --builtin"
        raise SpecError("no policy has a test here", hint=hint)
    known = {name for one in tests for name in _names(one)}
    for name in order.names:
        if name not in known:
            message = f"no test, and no policy that has one, is called {shown(name)}"
            raise SpecError(message, hint=did_you_mean(name, sorted(known)))
    wanted = set(order.names) or known
    return [one for one in tests if wanted.intersection(_names(one))]


def _names(test: Document) -> tuple[str, str]:
    return test.name, test.at("spec", "policy")


def _prepared(
    documents: Documents, tests: Sequence[Document], read: EvidenceReader
) -> list[tuple[str, Trial]]:
    """The cases of all *tests*, each with its test's name."""
    trials: list[tuple[str, Trial]] = []
    faults: list[Diagnostic] = []
    for test in tests:
        policy = documents.named(Kind.POLICY)[test.at("spec", "policy")].spec
        assert isinstance(policy, Policy)  # noqa: S101 - its kind says so
        try:
            trials += [(test.name, trial) for trial in prepared(test, policy, read)]
        except SpecError as error:
            if not error.diagnostics:
                raise
            faults += error.diagnostics
    if faults:
        raise refusal(faults)
    return trials


def _report(own: Sequence[tuple[str, Trial, CaseResult]], *, is_covered: bool) -> PolicyReport:
    policy = own[0][1].bound.policy
    results = tuple((name, result) for name, _, result in own)
    cases = [result for _, result in results]
    missing = testing.uncovered(policy, cases) if is_covered else ()
    return PolicyReport(policy.name, len(policy.rules), results, missing)


def _mutated(
    report: PolicyReport, trials: Sequence[Trial], engine: ExpressionEngine
) -> PolicyReport:
    """*report* with the mutants that none of *trials*, which are as expected, notices."""
    if not trials:
        return report
    faulty = _compiling(mutation.mutants(trials[0].bound.policy), engine)
    answers = _answers(trials, [mutation.questions(one, faulty) for one in trials], engine)
    noticed: set[Mutant] = set()
    for trial, given in zip(trials, answers, strict=True):
        killed = mutation.killed(trial, faulty, given)
        noticed.update(one for one, is_killed in zip(faulty, killed, strict=True) if is_killed)
    survivors = tuple(one for one in faulty if one not in noticed)
    return replace(report, mutants=len(faulty), survivors=survivors)


def _answers(
    trials: Sequence[Trial], questions: Sequence[Sequence[Question]], engine: ExpressionEngine
) -> tuple[tuple[Answer, ...], ...]:
    """To the *questions* of each of *trials*; an answer that is lost shows nothing of a rule."""
    asked = [(one.variables, own) for one, own in zip(trials, questions, strict=True)]
    answers = engine.evaluate_many(asked)
    for trial, given in zip(trials, answers, strict=True):
        for answer in given:
            if answer.is_lost:
                policy, case = trial.bound.policy.name, trial.case.name
                raise _lost(f"judging {shown(case)} by {policy}", answer.error)
    return answers


def _lost(work: str, why: str) -> Unavailable:
    hint = "run it again; if it ends at the same place, make the policy's expressions smaller"
    return Unavailable(f"{work} came to no end: {why}", hint=hint)


def _compiling(faulty: Sequence[Mutant], engine: ExpressionEngine) -> tuple[Mutant, ...]:
    """Those that compile, to a condition where one is needed: others tell nothing of a test."""
    texts = [one.expression or "true" for one in faulty]
    compiled = engine.compile(SECTIONS, texts)
    for mutant, found in zip(faulty, compiled, strict=True):
        for flaw in found.flaws:
            if flaw.kind == "lost":
                raise _lost(f"compiling {shown(mutant.expression or '')}", flaw.message)
    return tuple(
        one
        for one, found in zip(faulty, compiled, strict=True)
        if not found.flaws and (one.part == "variable" or found.type in _CONDITIONS)
    )
