"""The body of a promotion pull request, and a short form for job summaries.

Equal input gives equal bytes: no times, no local paths. Tables first, detail
folded; what exceeds the limit is cut from the bottom, since the top decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlgitops.model.digest import short
from mlgitops.model.promotion import branch_name, render_header
from mlgitops.reports import markdown_sections as sections
from mlgitops.reports.behaviour import behaviour
from mlgitops.reports.comparison import key_sentence
from mlgitops.reports.escaping import code, prose
from mlgitops.reports.headline import Headline, Reason, failed_warnings, headline
from mlgitops.reports.markdown_comparison import comparison
from mlgitops.reports.markdown_facts import section
from mlgitops.reports.markdown_tables import ICONS
from mlgitops.reports.model_facts import card
from mlgitops.reports.numbers import count
from mlgitops.reports.risks import risks
from mlgitops.reports.stops import sentences
from mlgitops.reports.verdicts import Tone

if TYPE_CHECKING:
    from mlgitops.model.evidence import Evidence
    from mlgitops.model.verdict import ConsideredWaiver, Decision

LARGEST_BODY_BYTES = 60_000
_UNFOLD = "</details>"
_ICONS: Mapping[Tone, str] = {
    "pass": "\N{WHITE HEAVY CHECK MARK}",
    "fail": "\N{CROSS MARK}",
    "inconclusive": "\N{WARNING SIGN}\ufe0f",
    "error": "\N{NO ENTRY}",
}


@dataclass(frozen=True, slots=True)
class Merge:
    """What follows from merging a promotion.

    *effects* are what it changes, one line each; *rollback* says how to go back,
    *unmerged* what the branch lacks of what made the candidate; empty for nothing.
    """

    effects: Sequence[str]
    rollback: str
    unmerged: str = ""


def promotion_body(
    header: Mapping[str, Any], evidence: Evidence, decision: Decision, merge: Merge
) -> str:
    """What a reviewer reads, with *header* for machines on the first line.

    At most `LARGEST_BODY_BYTES` in UTF-8 as long as the header is small.
    """
    lines = [
        render_header(header),
        *_answer(headline(evidence, decision), evidence, decision),
        *_section("What merging does", _effects(merge.effects)),
        *_section(*comparison(evidence, decision)),
        *_section("Gates", sections.gates(evidence, decision)),
        *_section("Behaviour", section(behaviour(evidence, decision))),
        *_section("Data", sections.data(evidence)),
        *_section("Model", sections.model(evidence)),
        *_section("Card", section(card(evidence))),
        *_section("Lineage", sections.lineage(evidence, decision)),
        *_section("Rollout and rollback", [prose(merge.rollback, cell=False)]),
        *_section("Risks, waivers and approval", _risks(evidence, decision, merge.unmerged)),
        *_section("Controls", _controls(evidence, decision)),
    ]
    return _cut(lines, f"The rest is in {_evidence_path(evidence, decision)} of this branch.")


def summary(evidence: Evidence, decision: Decision, *, is_held: bool = False) -> str:
    """The answer and the gates, for a job's summary; *is_held* as in `headline`."""
    answer = headline(evidence, decision, is_held=is_held)
    lines = [
        *_answer(answer, evidence, decision),
        *sections.gates(evidence, decision),
        "",
        *(
            f"- {_ICONS['inconclusive']} {prose(_warning(*one))}"
            for one in failed_warnings(evidence)
        ),
        *(f"- {prose(step, cell=False)}" for step in answer.steps),
        *([f"- And {count(answer.more)} more: see the gates above."] if answer.more else []),
    ]
    return _cut(lines, "The rest is in the report of this run.")


def _warning(name: str, reason: str) -> str:
    return sentences([f"{name}: {reason}" if reason else name])


def _answer(answer: Headline, evidence: Evidence, decision: Decision) -> list[str]:
    subject = evidence["subject"]
    about = (
        f"{code(subject['model'], cell=False)} candidate {code(short(subject['candidate']))} "
        f"for {code(decision.environment, cell=False)}."
    )
    return [
        f"## {_ICONS[answer.tone]} {prose(answer.title, cell=False)}",
        "",
        f"**{answer.counts}**",
        "",
        *map(_reason, answer.reasons),
        *([""] if answer.reasons else []),
        f"{about} {prose(key_sentence(evidence, decision), cell=False)}",
        "",
    ]


def _reason(reason: Reason) -> str:
    told = prose(f"{reason.gate}: {reason.why}", cell=False)
    return f"- {ICONS[reason.tone]} **{reason.verdict}** {told}"


def _section(title: str, body: Iterable[str]) -> list[str]:
    return [f"### {title}", "", *body, ""]


def _effects(effects: Sequence[str]) -> list[str]:
    if not effects:
        return ["Nothing: no effect was planned."]
    return [
        *(f"- {code(effect, cell=False)}" for effect in effects),
        "",
        "Nothing happens before the merge, and no version is ever deleted.",
        "The evidence holds until the champion changes.",
    ]


def _risks(evidence: Evidence, decision: Decision, unmerged: str) -> list[str]:
    found = [f"- {prose(risk, cell=False)}" for risk in risks(evidence, decision, unmerged)]
    release = code(
        f"mlops/releases/{decision.environment}/{evidence['subject']['model']}.yaml", cell=False
    )
    return [
        *(found or ["- No risk is known beyond the gates."]),
        *_waivers(decision),
        f"- Approval: whoever the repository's rules ask for changes of {release}.",
    ]


def _waivers(decision: Decision) -> list[str]:
    """Every waiver that opens a gate, and those for this candidate that do not."""
    considered = {waiver.name: waiver for waiver in decision.waivers}
    opening = decision.opening
    lines = [
        f"- Waiver {_waiver(waiver, opens=name in opening)}."
        for name, waiver in sorted(considered.items())
    ]
    lines += [f"- Waiver {code(name, cell=False)}." for name in sorted(opening - set(considered))]
    return lines or ["- Waivers: none."]


def _waiver(waiver: ConsideredWaiver, *, opens: bool) -> str:
    rules = ", ".join(code(rule, cell=False) for rule in waiver.rules)
    of_rules = f" (rules {rules})" if rules else ""
    ends = "until" if waiver.holds else "not honoured, it expired on"
    if waiver.why_not:
        honoured = "not honoured at every gate" if opens else "not honoured"
        ends = f"{honoured}, {prose(waiver.why_not, cell=False)}; last day"
    said = f": {prose(waiver.reason.rstrip('.'), cell=False)}" if waiver.reason else ""
    return (
        f"{code(waiver.name, cell=False)} for {code(waiver.policy, cell=False)}{of_rules}, "
        f"{ends} {code(waiver.expires, cell=False)}{said}"
    )


def _controls(evidence: Evidence, decision: Decision) -> list[str]:
    subject = evidence["subject"]
    branch = branch_name("promotion", decision.environment, subject["model"], subject["candidate"])
    return [
        "- Merge: releases the candidate.",
        f"- Close without merging, or delete {code(branch, cell=False)}: rejects it.",
    ]


def _evidence_path(evidence: Evidence, decision: Decision) -> str:
    subject = evidence["subject"]
    name = f"{short(subject['candidate'])}-{short(decision.evidence)}.json"
    return code(f"mlops/evidence/{subject['model']}/{name}", cell=False)


def _cut(lines: Sequence[str], farewell: str) -> str:
    """*lines* as text; too long, they end at a line, folds closed, with *farewell*."""
    text = "\n".join(lines).rstrip() + "\n"
    if len(text.encode()) <= LARGEST_BODY_BYTES:
        return text
    ending = f"\n{_UNFOLD}\n\nCut here: the body would be too long. {farewell}\n"
    room = LARGEST_BODY_BYTES - len(ending.encode())
    kept: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    is_open = sum(line.startswith("<details>") - (line == _UNFOLD) for line in kept) > 0
    return "\n".join(kept) + (ending if is_open else ending.replace(_UNFOLD, ""))
