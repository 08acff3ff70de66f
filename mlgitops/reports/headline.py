"""The answer in one line, what stops the candidate, and what to do next.

One place, so that terminal, pull request and page never tell different stories.
All texts are raw: whoever shows them escapes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlgitops.model.digest import short
from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import Decision, Verdict
from mlgitops.reports.numbers import count
from mlgitops.reports.stops import MOST_REMEDIES, Stop, remedies, sentences, stops
from mlgitops.reports.verdicts import Tone, gate_tone, why


@dataclass(frozen=True, slots=True)
class Reason:
    """A gate that blocks, by its verdict, and why; *gate* tells it from others of its policy."""

    tone: Tone
    verdict: str
    gate: str
    why: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer in plain words, with what to do next.

    *reasons* are the gates that block, the most urgent first; empty when none does. In
    *counts* an expectation of severity warning that failed is a `warn`, too. *steps*
    leave out *more* remedies, which are those of the least urgent gates.
    """

    tone: Tone
    title: str
    reasons: tuple[Reason, ...]
    counts: str
    steps: tuple[str, ...]
    more: int = 0


def headline(evidence: Evidence, decision: Decision, *, is_held: bool = False) -> Headline:
    """The answer to "may this be released?", and what to do next.

    *is_held*: a rollback keeps the candidate from the environment, whatever gates say.
    """
    blocking = stops(decision)
    tone, title = _answer(decision, blocking, is_sampled=evidence["producer"]["sample"] > 0)
    if tone == "pass" and evidence["producer"]["dirty"]:
        tone, title = "inconclusive", "Passed with uncommitted changes: cannot be promoted"
    reasons = tuple(
        Reason(
            gate_tone(stop.gate),
            stop.gate.verdict.value,
            stop.name,
            sentences(why(stop.gate, decision.waivers)),
        )
        for stop in blocking
    )
    steps, more = _steps(evidence, decision, blocking)
    if is_held and decision.verdict is Verdict.PASS:
        tone = "inconclusive"
        title = f"Passed, but held in {decision.environment}: released and rolled back there"
        steps = ("Make a new candidate, or revert the rollback with `git revert`.",)
    return Headline(tone, title, reasons, _counts(evidence, decision), steps, more)


def failed_warnings(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """Name and reason of each expectation that failed and stops nothing."""
    return tuple(
        (" of ".join(filter(None, (result["type"], result.get("column")))), result["reason"])
        for result in evidence["data"]["validation"]["results"]
        if result["status"] == "failed" and result["severity"] != "critical"
    )


def _answer(decision: Decision, blocking: Sequence[Stop], *, is_sampled: bool) -> tuple[Tone, str]:
    environment, stopped = decision.environment, ", ".join(_stopped(blocking))
    match decision.verdict:
        case Verdict.PASS if is_sampled:
            return "inconclusive", "Passed on a sample: cannot be released"
        case Verdict.PASS:
            return "pass", f"Ready to release to {environment}"
        case Verdict.FAIL:
            return "fail", f"Refused for {environment}: {stopped}"
        case Verdict.INCONCLUSIVE:
            return "inconclusive", f"Not decided for {environment}: {stopped}"
        case Verdict.ERROR if blocking:
            return "error", f"Not judged for {environment}: {stopped}"
        case Verdict.ERROR:
            return "error", f"Not judged for {environment}: no gate could block it"


def _stopped(blocking: Sequence[Stop]) -> Iterator[str]:
    """How many gates stop it by each verdict, the most urgent first."""
    found = [stop.gate.verdict for stop in blocking]
    noun = "gate"
    for verdict in dict.fromkeys(found):
        total = found.count(verdict)
        number = count(total, noun) if noun else count(total)
        match verdict:
            case Verdict.ERROR:
                yield f"{number} could not be evaluated"
            case Verdict.INCONCLUSIVE:
                yield f"{number} {'is' if total == 1 else 'are'} inconclusive"
            case _:
                yield f"{number} failed"
        noun = ""


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


def _steps(
    evidence: Evidence, decision: Decision, blocking: Sequence[Stop]
) -> tuple[tuple[str, ...], int]:
    """What to do next, and how many remedies that leaves out."""
    if decision.verdict is Verdict.PASS:
        return _next_steps(evidence, decision), 0
    if not blocking:
        place = f"mlops/environments/{decision.environment}.yaml"
        return (f"Bind a soft or hard policy in {place}",), 0
    every = remedies(blocking)
    steps = every[:MOST_REMEDIES]
    if all(
        stop.gate.level == "soft" and stop.gate.verdict is not Verdict.ERROR for stop in blocking
    ):
        steps += ("Or have a waiver reviewed: a file in mlops/waivers/ for this candidate.",)
    return steps, max(0, len(every) - MOST_REMEDIES)


def _next_steps(evidence: Evidence, decision: Decision) -> tuple[str, ...]:
    """What follows when every gate is open."""
    model, environment = evidence["subject"]["model"], decision.environment
    if evidence["producer"]["sample"]:
        return (f"Run all rows: mlgitops run {model}",)
    if evidence["producer"]["dirty"]:
        return (f"Commit, then: mlgitops run {model}",)
    # By name: the newest version may be another candidate than the one that is shown.
    named = f"--to {environment} --candidate {short(decision.candidate)}"
    return (
        "Review the report, then merge the promotion pull request: merging is the release.",
        f"If there is none yet: mlgitops promote {model} {named}",
    )
