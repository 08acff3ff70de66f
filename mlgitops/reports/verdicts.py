"""The answer and its gates in words and order, before any layout.

One place, so that terminal, pull request and page never tell different stories.
All texts are raw: whoever shows them escapes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlgitops.model.digest import short
from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import Decision, GateResult, RuleResult, Verdict
from mlgitops.reports.findings import sentence
from mlgitops.reports.numbers import count

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
_MOST_ITEMS = 3
_MOST_FINDINGS = 5
_ORDER = ("error", "fail", "inconclusive", "waived", "warn", "pass", "idle")


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer in plain words, with what to do next.

    *reasons* name each blocking gate and why it blocks; empty when none does. In
    *counts* an expectation of severity warning that failed is a `warn`, too.
    """

    tone: Tone
    title: str
    reasons: tuple[str, ...]
    counts: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateLine:
    """A gate for a table; *verdict* is the word to show.

    *why* has one text per rule that did not pass, or else the last rule's, where
    policies put what they are about; *also* has those of the other rules. *findings*
    say which conditions do not hold, one sentence each. *metrics* are of the whole
    holdout; *blocks_from* is the day, ISO 8601, before which the gate blocks nothing.
    """

    tone: Tone
    verdict: str
    policy: str
    level: str
    parameters: str
    why: tuple[str, ...]
    also: tuple[str, ...]
    remediation: tuple[str, ...]
    is_blocking: bool
    findings: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    blocks_from: str | None = None


def headline(evidence: Evidence, decision: Decision, *, is_held: bool = False) -> Headline:
    """The answer to "may this be released?", and what to do next.

    *is_held*: a rollback keeps the candidate from the environment, whatever gates say.
    """
    blocking = [gate for gate in decision.gates if gate.is_blocking]
    tone, title = _answer(decision, blocking, is_sampled=evidence["producer"]["sample"] > 0)
    if tone == "pass" and evidence["producer"]["dirty"]:
        tone, title = "inconclusive", "Passed with uncommitted changes: cannot be promoted"
    reasons = tuple(f"{gate.policy}: {sentences(_why(gate))}" for gate in blocking)
    steps = _steps(evidence, decision, blocking)
    if is_held and decision.verdict is Verdict.PASS:
        tone = "inconclusive"
        title = f"Passed, but held in {decision.environment}: released and rolled back there"
        steps = ("Make a new candidate, or revert the rollback with `git revert`.",)
    return Headline(tone, title, reasons, _counts(evidence, decision), steps)


def failed_warnings(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """Name and reason of each expectation that failed and stops nothing."""
    return tuple(
        (" of ".join(filter(None, (result["type"], result.get("column")))), result["reason"])
        for result in evidence["data"]["validation"]["results"]
        if result["status"] == "failed" and result["severity"] != "critical"
    )


def _answer(
    decision: Decision, blocking: list[GateResult], *, is_sampled: bool
) -> tuple[Tone, str]:
    environment = decision.environment
    gates = count(sum(1 for gate in blocking if gate.verdict is decision.verdict), "gate")
    match decision.verdict:
        case Verdict.PASS if is_sampled:
            return "inconclusive", "Passed on a sample: cannot be released"
        case Verdict.PASS:
            return "pass", f"Ready to release to {environment}"
        case Verdict.FAIL:
            return "fail", f"Refused for {environment}: {gates} failed"
        case Verdict.INCONCLUSIVE:
            return "inconclusive", f"Not decided for {environment}: {gates} inconclusive"
        case Verdict.ERROR if blocking:
            return "error", f"Not judged for {environment}: {gates} could not be evaluated"
        case Verdict.ERROR:
            return "error", f"Not judged for {environment}: no gate could block it"


def _counts(evidence: Evidence, decision: Decision) -> str:
    tones = [gate_tone(gate) for gate in decision.gates]
    tones += ["warn"] * len(failed_warnings(evidence))
    words: list[tuple[Tone, str, bool]] = [
        ("pass", "pass", True),
        ("warn", "warn", True),
        ("fail", "fail", False),
        ("inconclusive", "inconclusive", True),
        ("error", "error", False),
        ("waived", "waived", True),
        ("idle", "not applicable", False),
    ]
    return " · ".join(
        f"{tones.count(tone)} {word}" for tone, word, always in words if always or tone in tones
    )


def _steps(evidence: Evidence, decision: Decision, blocking: list[GateResult]) -> tuple[str, ...]:
    model, environment = evidence["subject"]["model"], decision.environment
    if decision.verdict is Verdict.PASS and evidence["producer"]["sample"]:
        return (f"Run all rows: mlgitops run {model}",)
    if decision.verdict is Verdict.PASS and evidence["producer"]["dirty"]:
        return (f"Commit, then: mlgitops run {model}",)
    if decision.verdict is Verdict.PASS:
        # By name: the newest version may be another candidate than the one that is shown.
        named = f"--to {environment} --candidate {short(decision.candidate)}"
        return (
            "Review the report, then merge the promotion pull request: merging is the release.",
            f"If there is none yet: mlgitops promote {model} {named}",
        )
    if not blocking:
        return (f"Bind a soft or hard policy in mlops/environments/{environment}.yaml",)
    steps = [r.remediation for gate in blocking for r in _telling(gate) if r.remediation]
    if all(gate.level == "soft" and gate.verdict is not Verdict.ERROR for gate in blocking):
        steps.append("Or have a waiver reviewed: a file in mlops/waivers/ for this candidate.")
    return tuple(dict.fromkeys(steps))


def gate_lines(decision: Decision) -> tuple[GateLine, ...]:
    """Gates in the order of their urgency."""
    lines = (
        GateLine(
            tone=gate_tone(gate),
            verdict=_verdict_word(gate),
            policy=gate.policy,
            level=gate.level,
            parameters=parameters_text(gate.parameters),
            why=_why(gate),
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
        for gate in decision.gates
    )
    return tuple(sorted(lines, key=lambda line: (_ORDER.index(line.tone), line.policy)))


def _findings(gate: GateResult) -> tuple[str, ...]:
    """Each condition once, though several rules may ask it."""
    missed = (rule for rule in gate.rules if rule.verdict is not Verdict.PASS)
    found = (sentence(finding) for rule in missed for finding in rule.findings)
    return tuple(dict.fromkeys(found)) if gate.applies else ()


def parameters_text(parameters: Mapping[str, Any]) -> str:
    """`margin 0.01, metrics [f1, recall]`: by name, of a list the first three."""
    return ", ".join(f"{name} {_parameter(value)}" for name, value in sorted(parameters.items()))


def few(findings: Sequence[str]) -> tuple[str, ...]:
    """The first five, and how many more there are: a cell of a table stays readable.

    The page and the decision have them all.
    """
    more = len(findings) - _MOST_FINDINGS
    shown = tuple(findings[:_MOST_FINDINGS])
    return (*shown, f"{more} more conditions do not hold") if more > 0 else shown


def sentences(texts: Iterable[str]) -> str:
    """*texts* one after the other, each with a full stop or a sign of its own."""
    return " ".join(text if text.endswith((".", "!", "?", ":")) else f"{text}." for text in texts)


def gate_tone(gate: GateResult) -> Tone:
    """`warn` is a gate that did not pass at a level that cannot block."""
    if not gate.applies:
        return "idle"
    if gate.verdict is Verdict.PASS:
        return "pass"
    if gate.waived_by is not None:
        return "waived"
    return _BLOCKED[gate.verdict] if gate.is_blocking else "warn"


def _parameter(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    more = f", and {len(value) - _MOST_ITEMS} more" if len(value) > _MOST_ITEMS else ""
    return f"[{', '.join(map(str, value[:_MOST_ITEMS]))}{more}]"


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


def _why(gate: GateResult) -> tuple[str, ...]:
    if not gate.applies:
        return ("Its condition is not met by this candidate.",)
    told = tuple(rule.message for rule in _telling(gate)) or ("No rule was evaluated.",)
    if gate.waived_by is not None and gate.verdict is not Verdict.PASS:
        return (*told, f"Waived by {gate.waived_by}.")
    return told


def _telling(gate: GateResult) -> tuple[RuleResult, ...]:
    missed = tuple(rule for rule in gate.rules if rule.verdict is not Verdict.PASS)
    return missed or gate.rules[-1:]
