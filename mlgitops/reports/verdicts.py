"""Gates in words and in the order of their urgency, before any layout.

One place, so that terminal, pull request and page never tell different stories.
All texts are raw: whoever shows them escapes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mlgitops.model.verdict import ConsideredWaiver, Decision, GateResult, RuleResult, Verdict
from mlgitops.reports.findings import sentence
from mlgitops.reports.stops import gate_names, parameters_text

Tone = Literal["pass", "fail", "inconclusive", "error", "warn", "waived", "idle"]
SIGNS: Mapping[Tone, str] = {
    "pass": "\N{CHECK MARK}",
    "fail": "\N{BALLOT X}",
    "inconclusive": "?",
    "error": "!",
    "warn": "!",
    "waived": "!",
    "idle": "\N{MIDDLE DOT}",
}
_BLOCKED: Mapping[Verdict, Tone] = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.ERROR: "error",
}
_MOST_FINDINGS = 5
_ORDER = ("error", "fail", "inconclusive", "waived", "warn", "pass", "idle")


@dataclass(frozen=True, slots=True)
class GateLine:
    """A gate for a table; *verdict* is the word to show, *name* tells it from its like.

    *why* has one text per rule that did not pass, or else the last rule's, where
    policies put what they are about; *also* has those of the other rules. *findings*
    say which conditions do not hold, one sentence each. *metrics* are of the whole
    holdout; *blocks_from* is the day, ISO 8601, from which it is judged more strictly.
    """

    tone: Tone
    verdict: str
    policy: str
    name: str
    level: str
    parameters: str
    why: tuple[str, ...]
    also: tuple[str, ...]
    remediation: tuple[str, ...]
    is_blocking: bool
    findings: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    blocks_from: str | None = None

    @property
    def label(self) -> str:
        """The verdict, begun with the word by which the gate is counted."""
        return f"warn ({self.verdict})" if self.tone == "warn" else self.verdict

    @property
    def onset(self) -> str:
        """What changes on the day from which it is judged more strictly; empty without one."""
        if self.blocks_from is None:
            return ""
        if self.level == "soft":
            return f"hard from {self.blocks_from}; until then it can be waived"
        return f"blocks from {self.blocks_from}; until then only shown"


def gate_lines(decision: Decision) -> tuple[GateLine, ...]:
    """Gates in the order of their urgency."""
    lines = (
        GateLine(
            tone=gate_tone(gate),
            verdict=_verdict_word(gate),
            policy=gate.policy,
            name=name,
            level=gate.level,
            parameters=parameters_text(gate.parameters),
            why=why(gate, decision.waivers),
            also=tuple(rule.message for rule in gate.rules if rule not in _telling(gate)),
            remediation=tuple(
                dict.fromkeys(
                    r.remediation
                    for r in gate.rules
                    if r.remediation and r.verdict is not Verdict.PASS
                )
            ),
            is_blocking=gate.is_blocking,
            findings=_findings(gate),
            metrics=gate.metrics if gate.applies else (),
            blocks_from=gate.blocks_from,
        )
        for name, gate in zip(gate_names(decision), decision.gates, strict=True)
    )
    return tuple(sorted(lines, key=lambda line: (_ORDER.index(line.tone), line.name)))


def _findings(gate: GateResult) -> tuple[str, ...]:
    """Each condition once, though several rules may ask it."""
    missed = (rule for rule in gate.rules if rule.verdict is not Verdict.PASS)
    found = (sentence(finding) for rule in missed for finding in rule.findings)
    return tuple(dict.fromkeys(found)) if gate.applies else ()


def few(findings: Sequence[str]) -> tuple[str, ...]:
    """The first five, and how many more there are: a cell of a table stays readable.

    The page and the decision have them all.
    """
    more = len(findings) - _MOST_FINDINGS
    shown = tuple(findings[:_MOST_FINDINGS])
    return (*shown, f"{more} more conditions do not hold") if more > 0 else shown


def gate_tone(gate: GateResult) -> Tone:
    """`warn` is a gate that did not pass at a level that cannot block."""
    if not gate.applies:
        return "idle"
    if gate.verdict is Verdict.PASS:
        return "pass"
    if gate.waived_by is not None:
        return "waived"
    return _BLOCKED[gate.verdict] if gate.is_blocking else "warn"


def why(gate: GateResult, waivers: Sequence[ConsideredWaiver]) -> tuple[str, ...]:
    """A text for each rule that did not pass, or else the last rule's.

    Then one for each of the decision's *waivers* that opens the gate, or does not
    although it is for the gate's policy.
    """
    if not gate.applies:
        return ("Its condition is not met by this candidate.",)
    told = tuple(rule.message for rule in _telling(gate)) or ("No rule was evaluated.",)
    if gate.waived_by is not None and gate.verdict is not Verdict.PASS:
        return (*told, *_waived(gate.waived_by, waivers))
    return (*told, *unhelpful(gate, waivers))


def unhelpful(gate: GateResult, waivers: Sequence[ConsideredWaiver]) -> tuple[str, ...]:
    """A sentence for each of *waivers* that is for a gate that is shut, and does not open it."""
    if not gate.is_blocking:
        return ()
    found = (one for one in waivers if one.policy == gate.policy and one.why_not)
    return tuple(f"The waiver {one.name} does not count: {one.why_not}." for one in found)


def _waived(names: str, waivers: Sequence[ConsideredWaiver]) -> Iterator[str]:
    """Who opened it, until when, and in the words that people reviewed why."""
    known = {one.name: one for one in waivers}
    for name in names.split(", "):
        until = f" until {known[name].expires}" if name in known else ""
        reason = f": {known[name].reason}" if name in known and known[name].reason else ""
        yield f"Waived by {name}{until}{reason or '.'}"


def _verdict_word(gate: GateResult) -> str:
    match gate_tone(gate):
        case "idle":
            return "not applicable"
        case "waived":
            return f"{gate.verdict.value}, waived"
        case "warn":
            return f"{gate.verdict.value}, only {gate.level}"
        case _:
            return gate.verdict.value


def _telling(gate: GateResult) -> tuple[RuleResult, ...]:
    missed = tuple(rule for rule in gate.rules if rule.verdict is not Verdict.PASS)
    return missed or gate.rules[-1:]
