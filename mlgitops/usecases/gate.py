"""Judges one candidate's evidence for its environment; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.spec import Specs
from mlgitops.model.verdict import Context, Decision, moment
from mlgitops.policies import explanations
from mlgitops.policies.binding import BoundPolicy, bind
from mlgitops.policies.engine import Case, judge, questions
from mlgitops.ports import ExpressionEngine
from mlgitops.spec.evidence import encode

_Found = TypeVar("_Found")
_Prepared = tuple[Case, tuple[BoundPolicy, ...]]


def gate(
    specs: Specs, evidence: Evidence, *, engine: ExpressionEngine, context: Context
) -> Decision:
    """What the policies of *specs* say of *evidence* in *context*.

    The one way to a decision: every verb that judges comes here, or to `gate_all`.

    Raises:
        SpecError: the evidence breaks its schema, its model or environment is not
            in *specs*, or a gate does not fit its policy.
        MissingExtra: the expression engine is not installed.
    """
    case = _case(specs, evidence, context, engine)
    bound = _bound(specs, case)
    decision = judge(bound, engine.evaluate(case.variables, questions(bound)), case)
    asked = explanations.questions(bound, decision)
    return explanations.explained(bound, decision, engine.evaluate(case.variables, asked))


def gate_all(
    specs: Specs, asked: Sequence[tuple[Evidence, Context]], *, engine: ExpressionEngine
) -> tuple[Decision | SpecError, ...]:
    """What `gate` says of each, in few processes; aligned with *asked*.

    What cannot be judged by *specs* is the error that `gate` would raise.

    Raises:
        MissingExtra: the expression engine is not installed.
    """
    prepared = [_prepared(specs, evidence, context, engine) for evidence, context in asked]
    known = [one for one in prepared if not isinstance(one, SpecError)]
    answers = engine.evaluate_many([(case.variables, questions(bound)) for case, bound in known])
    decisions = [
        judge(bound, found, case) for (case, bound), found in zip(known, answers, strict=True)
    ]
    explained = iter(_explained(known, decisions, engine))
    return tuple(one if isinstance(one, SpecError) else next(explained) for one in prepared)


def _explained(
    known: Sequence[_Prepared], decisions: Sequence[Decision], engine: ExpressionEngine
) -> list[Decision]:
    """*decisions*, each with its reasons; of one without a question nothing is sent."""
    asked = [
        explanations.questions(bound, decision)
        for (_, bound), decision in zip(known, decisions, strict=True)
    ]
    sent = [(case.variables, some) for (case, _), some in zip(known, asked, strict=True) if some]
    answers = iter(engine.evaluate_many(sent))
    return [
        explanations.explained(bound, decision, next(answers) if some else ())
        for (_, bound), decision, some in zip(known, decisions, asked, strict=True)
    ]


def _prepared(
    specs: Specs, evidence: Evidence, context: Context, engine: ExpressionEngine
) -> _Prepared | SpecError:
    try:
        case = _case(specs, evidence, context, engine)
        return case, _bound(specs, case)
    except SpecError as error:
        return error


def _case(specs: Specs, evidence: Evidence, context: Context, engine: ExpressionEngine) -> Case:
    digest = digest_of_bytes(encode(evidence))
    return Case(evidence, digest, context, specs.waivers, engine.version)


def _bound(specs: Specs, case: Case) -> tuple[BoundPolicy, ...]:
    environment = _named(specs.environments, case.evidence["environment"], "environment")
    pipeline = _named(specs.pipelines, case.evidence["subject"]["model"], "pipeline")
    return bind(pipeline, environment, specs.policies, moment(case.context).date())


def _named(known: Mapping[str, _Found], name: str, kind: str) -> _Found:
    found = known.get(name)
    if found is None:
        raise SpecError(
            f"the evidence is for the {kind} {name!r}, which no spec describes",
            hint=f"known: {', '.join(sorted(known)) or 'none'}",
        )
    return found
