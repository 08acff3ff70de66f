"""What a gate says: four verdicts, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mlgitops.model.spec import Level


class Verdict(StrEnum):
    """Only `PASS`, or a valid waiver, opens a gate."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Question:
    """One CEL expression to evaluate with a policy's parameters as `params`."""

    expression: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an expression came to: a plain value, or why there is none."""

    kind: Literal["value", "error"]
    value: Any
    error: str = ""

    @property
    def is_true(self) -> bool:
        """True for the boolean true and for nothing else."""
        return self.kind == "value" and self.value is True


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule's verdict with its message, values filled in."""

    rule: str
    verdict: Verdict
    message: str
    remediation: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """One bound policy's outcome; *applies* False when its `when` was false.

    *waived_by* names the waiver that opens a gate that did not pass; *metrics* are
    those of the whole holdout that its rules read.
    """

    policy: str
    parameters: Mapping[str, Any]
    level: Level
    applies: bool
    verdict: Verdict
    rules: tuple[RuleResult, ...]
    waived_by: str | None = None
    metrics: tuple[str, ...] = ()

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
class Decision:
    """All gates of one candidate for one environment.

    *verdict* is the worst that blocks (error, then fail, then inconclusive);
    without any soft or hard gate that judged the model it is an error.
    """

    environment: str
    candidate: str
    evidence: str
    verdict: Verdict
    gates: tuple[GateResult, ...]


def decision_document(decision: Decision) -> dict[str, Any]:
    """A decision as JSON; equal decisions give equal documents."""
    return asdict(decision)


def parse_decision(document: Mapping[str, Any]) -> Decision:
    """The decision that `decision_document` gave.

    Raises:
        KeyError, TypeError, ValueError: the document is not such a decision.
    """
    gates = tuple(
        GateResult(
            **{
                **gate,
                "verdict": Verdict(gate["verdict"]),
                "metrics": tuple(gate["metrics"]),
                "rules": tuple(
                    RuleResult(**{**rule, "verdict": Verdict(rule["verdict"])})
                    for rule in gate["rules"]
                ),
            }
        )
        for gate in document["gates"]
    )
    return Decision(**{**document, "verdict": Verdict(document["verdict"]), "gates": gates})
