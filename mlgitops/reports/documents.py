"""What verbs answer with `--format json`; `schemas/output/` has the shape of each.

A verb that stopped has the key `error` beside whatever it found before. What the
use cases return is described by Protocols, since this floor may not import them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from mlgitops.model.errors import MlgitopsError, SpecError

if TYPE_CHECKING:
    from mlgitops.model.plan import Plan, TargetPlan
    from mlgitops.model.run import Ruling, RunRecord, StepRecord
    from mlgitops.model.sample_size import SampleSize
    from mlgitops.model.source import Diagnostic
    from mlgitops.model.state import Applied, Target
    from mlgitops.reports.audit_table import AuditRow
    from mlgitops.reports.terminal import ResultRow, StatusRow

Document = dict[str, Any]


class Request(Protocol):
    """An open pull request."""

    @property
    def title(self) -> str:
        """What it would do."""

    @property
    def branch(self) -> str:
        """Where it is proposed."""

    @property
    def reference(self) -> str:
        """Where to look at it."""


def plan(planned: Plan, sizes: Sequence[SampleSize]) -> Document:
    """What reconcile would do, and how many rows the gates need."""
    return {**_plan(planned), "gates": [asdict(size) for size in sizes]}


def _plan(planned: Plan) -> Document:
    return {
        "digest": planned.digest,
        "commit": planned.commit,
        "targets": [_target_plan(target) for target in planned.targets],
    }


def drift(found: Plan, healed: Sequence[ResultRow] | None) -> Document:
    """What was changed behind git's back; *healed* None: nothing was put back."""
    return {**_plan(found), "healed": None if healed is None else [_result(row) for row in healed]}


def outcome(commit: str, results: Sequence[ResultRow]) -> Document:
    """What became of every target."""
    return {"commit": commit, "targets": [_result(row) for row in results]}


def status(
    rows: Sequence[StatusRow],
    held: Mapping[Target, Collection[str]],
    requests: Sequence[Request],
) -> Document:
    """Every model in every environment; *held* are candidates by their short names."""
    return {
        "targets": [_status_row(row, held.get(row.target, ())) for row in rows],
        "requests": [
            {"title": one.title, "branch": one.branch, "reference": one.reference}
            for one in requests
        ],
    }


def audit(commit: str, rows: Sequence[AuditRow]) -> Document:
    """What each check found of every Release at *commit*."""
    return {
        "commit": commit,
        "releases": [
            {
                "target": asdict(row.target),
                "desired": asdict(row.pin),
                "proven": row.is_proven,
                "findings": [
                    {"check": name, "standing": str(one.standing), "detail": one.detail}
                    for name, one in row.findings.items()
                ],
            }
            for row in rows
        ],
    }


def run(
    record: RunRecord,
    found: Mapping[str, str],
    rulings: Sequence[Ruling],
    logs: Mapping[str, str],
) -> Document:
    """The steps of a run, and what came of it: None where it did not come so far."""
    named = ("candidate", "environment", "verdict", "report")
    return {
        "model": record.model,
        "commit": record.commit or None,
        "sample": record.sample,
        "steps": [step(one) for one in record.steps],
        **{name: found.get(name) for name in named},
        "version": int(found["version"]) if "version" in found else None,
        "environments": [
            {
                "environment": one.environment,
                "verdict": one.verdict,
                "report": one.report,
                "evidence": one.evidence,
                "held": one.is_held,
            }
            for one in rulings
        ],
        "logs": dict(logs),
    }


def step(record: StepRecord) -> Document:
    """Why a step ran or was skipped."""
    return asdict(record)


def check(diagnostics: Sequence[Diagnostic], warnings: Sequence[Diagnostic] = ()) -> Document:
    """What is wrong with the specs, and what is right and may not be meant."""
    from mlgitops.reports.diagnostics import document

    found = {"diagnostics": [document(one) for one in diagnostics]}
    return found | {"warnings": [document(one) for one in warnings]} if warnings else found


def stop(error: BaseException, code: int) -> Document:
    """Why a verb stopped, with its exit *code*; the same for every verb."""
    spec = error if isinstance(error, SpecError) else None
    return {
        "code": code,
        "message": str(error) or type(error).__name__,
        "hint": error.hint if isinstance(error, MlgitopsError) else None,
        "details": spec.details if spec else None,
        **check(spec.diagnostics if spec else ()),
    }


def _target_plan(planned: TargetPlan) -> Document:
    return {
        "target": asdict(planned.target),
        "sync": planned.sync.value,
        "reason": planned.reason,
        "desired": asdict(planned.desired) if planned.desired else None,
        "live": planned.live,
        "applied": _applied(planned.applied),
        "changes": [asdict(change) for change in planned.changes],
        "observed": planned.observed,
    }


def _applied(applied: Applied | None) -> Document | None:
    return asdict(applied) | {"at": applied.at.isoformat()} if applied else None


def _result(row: ResultRow) -> Document:
    error = stop(row.error, row.error.exit_code) if row.error else None
    return {**_target_plan(row.plan), "status": str(row.status), "error": error}


def _status_row(row: StatusRow, held: Collection[str]) -> Document:
    return {
        "target": asdict(row.target),
        "sync": row.sync.value,
        "reason": row.reason,
        "desired": asdict(row.desired) if row.desired else None,
        "live": row.live,
        "since": row.since.isoformat() if row.since else None,
        "commit": row.commit,
        "held": sorted(held),
    }
