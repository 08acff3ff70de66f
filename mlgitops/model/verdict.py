"""What a gate says: four verdicts, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, NotRequired, TypedDict

from mlgitops.model.decoding import LATER, decoded
from mlgitops.model.policy import Level, Variable


class Verdict(StrEnum):
    """Only `PASS`, or a valid waiver, opens a gate."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


Stage = Literal["run", "gate", "promote", "test"]


class Context(TypedDict):
    """What a decision knows besides the evidence: the variable `context` of expressions.

    *now* is RFC 3339 in UTC. Only a promotion tells the others: *soak_hours* since the
    environment before had the candidate, absent for the first of the chain, and whether
    what it replaces is still in the registry as released, absent when it replaces nothing.
    """

    now: str
    stage: Stage
    environment: str
    soak_hours: NotRequired[float]
    previous_version_ready: NotRequired[bool]


def context(now: datetime, stage: Stage, environment: str) -> Context:
    """What every decision knows, to the second."""
    return Context(now=_written(now), stage=stage, environment=environment)


def moment(known: Context) -> datetime:
    """The time of a decision, in UTC: that is also whose days count.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(known["now"]).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """One CEL expression to evaluate with a policy's parameters as `params`.

    Those of *variables* that it reads, as `variables.<name>`, are evaluated before it.
    """

    expression: str
    parameters: Mapping[str, Any]
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an expression came to: a plain value, or why there is none.

    *is_lost*: an error that tells nothing of the expression, since what evaluates ended
    before it came to an answer.
    """

    kind: Literal["value", "error"]
    value: Any
    error: str = ""
    is_lost: bool = False

    @property
    def is_true(self) -> bool:
        """True for the boolean true and for nothing else."""
        return self.kind == "value" and self.value is True


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition of a rule that is not true, with the values that decide it.

    *source* is the place in the evidence, or what is computed of it, that has the value
    *left*, and *right* the value that *operator* compares it with; both are None where
    *operator* is empty, or *error* says why they are not known. *offenders* name up to
    ten of the *offending* items, of *items* in all, that break a condition on each; what
    has neither name nor place is not among them.
    """

    expression: str
    source: str = ""
    left: Any = None
    operator: str = ""
    right: Any = None
    offenders: tuple[str, ...] = ()
    offending: int = 0
    items: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule's verdict with its message, values filled in, and why it does not pass."""

    rule: str
    verdict: Verdict
    message: str
    remediation: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class GateResult:
    """One bound policy's outcome; *applies* False when its `when` was false.

    *waived_by* names the waivers that open a gate that did not pass; *metrics* are
    those of the whole holdout that its rules read. *digest* names its rules with these
    parameters. *blocks_from* is the day, ISO 8601, from which it is judged more strictly
    than at *level*.
    """

    policy: str
    parameters: Mapping[str, Any]
    level: Level
    applies: bool
    verdict: Verdict
    rules: tuple[RuleResult, ...]
    waived_by: str | None = None
    metrics: tuple[str, ...] = ()
    digest: str = ""
    blocks_from: str | None = None

    @property
    def is_blocking(self) -> bool:
        """True when a release must not go on because of this gate."""
        return (
            self.level in ("soft", "hard")
            and self.applies
            and self.verdict is not Verdict.PASS
            and self.waived_by is None
        )


@dataclass(frozen=True, slots=True)
class ConsideredWaiver:
    """A waiver of the model that was judged, for its candidate or as if for it.

    *holds* is False when it had expired, or is for another candidate. *reason* is what
    people reviewed. *why_not* says why a gate of its policy is shut in spite of it; empty
    when none is.
    """

    name: str
    policy: str
    rules: tuple[str, ...]
    expires: str
    holds: bool
    reason: str = field(default="", metadata=LATER)
    why_not: str = field(default="", metadata=LATER)


@dataclass(frozen=True, slots=True)
class Decision:
    """All gates of one candidate for one environment, and all that made them so.

    *verdict* is the worst that blocks (error, then fail, then inconclusive);
    without any soft or hard gate that judged the model it is an error. *evidence* is
    its digest, *engine* what evaluated the rules.
    """

    environment: str
    candidate: str
    evidence: str
    verdict: Verdict
    gates: tuple[GateResult, ...]
    model: str
    context: Context
    waivers: tuple[ConsideredWaiver, ...]
    engine: str

    @property
    def opening(self) -> frozenset[str]:
        """Names of the waivers that open a gate; each may leave others of its policy shut."""
        waived = (gate.waived_by for gate in self.gates if gate.waived_by)
        return frozenset(name for names in waived for name in names.split(", "))


def decision_document(decision: Decision) -> dict[str, Any]:
    """A decision as JSON; equal decisions give equal documents."""
    document = asdict(decision)
    for waiver in document["waivers"]:
        for name in ("reason", "why_not"):
            if not waiver[name]:
                del waiver[name]
    return document


def parse_decision(document: Any) -> Decision:
    """The decision that `decision_document` gave.

    Raises:
        ValueError: the document is not such a decision; says at which place.
    """
    decision: Decision = decoded(Decision, document)
    now = decision.context["now"]
    if not _is_written(now):
        raise ValueError(f"context.now is {now!r}, no time as mlgitops writes it")
    return decision


def _written(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _is_written(text: str) -> bool:
    try:
        return text.endswith("Z") and _written(datetime.fromisoformat(text)) == text
    except ValueError:
        return False
