"""Judges one candidate's evidence for its environment; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.spec import Specs
from mlgitops.model.verdict import Decision
from mlgitops.policies.binding import bind
from mlgitops.policies.engine import judge, questions
from mlgitops.ports import ExpressionEngine
from mlgitops.spec.evidence import encode

_Found = TypeVar("_Found")


def gate(specs: Specs, evidence: Evidence, *, engine: ExpressionEngine, today: date) -> Decision:
    """What the policies of *specs* say of *evidence* on *today*.

    Raises:
        SpecError: the evidence breaks its schema, its model or environment is not
            in *specs*, or a gate does not fit its policy.
        MissingExtra: the expression engine is not installed.
    """
    content = encode(evidence)
    environment = _named(specs.environments, evidence["environment"], "environment")
    pipeline = _named(specs.pipelines, evidence["subject"]["model"], "pipeline")
    bound = bind(pipeline, environment, specs.policies)
    return judge(
        bound,
        engine.evaluate(evidence, questions(bound)),
        evidence=evidence,
        evidence_digest=digest_of_bytes(content),
        waivers=specs.waivers,
        today=today,
    )


def _named(known: Mapping[str, _Found], name: str, kind: str) -> _Found:
    found = known.get(name)
    if found is None:
        raise SpecError(
            f"the evidence is for the {kind} {name!r}, which no spec describes",
            hint=f"known: {', '.join(sorted(known)) or 'none'}",
        )
    return found
