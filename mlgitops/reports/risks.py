"""What a reviewer should know although no gate stops on it.

All texts are raw: whoever shows them escapes them.
"""

from __future__ import annotations

from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import Decision
from mlgitops.reports.comparison import not_judged, reference_name, slice_lines
from mlgitops.reports.data_facts import shifted
from mlgitops.reports.numbers import count
from mlgitops.reports.stops import sentences
from mlgitops.reports.verdicts import gate_lines


def risks(evidence: Evidence, decision: Decision, unmerged: str = "") -> tuple[str, ...]:
    """One sentence each, the gravest first; empty when there is nothing to tell.

    *unmerged* says what the project's branch lacks of what made the candidate.
    """
    found = (
        unmerged,
        *_of_origin(evidence),
        *_of_data(evidence),
        *_of_model(evidence),
        *_of_gates(decision),
        *_of_slices(evidence, decision),
    )
    return tuple(sentence for sentence in found if sentence)


def _of_origin(evidence: Evidence) -> tuple[str, ...]:
    producer = evidence["producer"]
    sample = count(producer["sample"], "row")
    return (
        f"Made from a sample of {sample}: it cannot be released." if producer["sample"] else "",
        "Made with uncommitted changes, which the commit lacks: it cannot be promoted."
        if producer["dirty"]
        else "",
        ""
        if "no-network" in producer["sandbox"]
        else "The network was within reach of the user's code while it ran.",
        ""
        if "files" in producer["sandbox"]
        else "The data with its answers was within reach of the user's code while it ran.",
    )


def _of_data(evidence: Evidence) -> tuple[str, ...]:
    validation, leakage = evidence["data"]["validation"], evidence["leakage"]
    late = ", ".join(leakage["after_the_fact"])
    shared = evidence["data"]["split"]["shared_rows"]
    unasked = validation["asked"] - validation["evaluated"]
    return (
        f"It uses columns that are known only afterwards: {late}." if late else "",
        f"{count(shared, 'row')} stand on both sides of the split." if shared else "",
        f"{count(leakage['duplicate_rows'], 'holdout row')} also stand in the training rows."
        if leakage["duplicate_rows"]
        else "",
        *_of_time_and_clusters(evidence),
        f"{count(unasked, 'expectation')} could not be evaluated." if unasked else "",
        f"{count(validation['failed_warning'], 'expectation')} of severity warning failed."
        if validation["failed_warning"]
        else "",
    )


def _of_time_and_clusters(evidence: Evidence) -> tuple[str, ...]:
    leakage, shared = evidence["leakage"], evidence["leakage"].get("shared_groups", 0)
    ahead = ", ".join(one["column"] for one in leakage.get("look_ahead", []))
    early = leakage.get("early_rows", 0)
    is_by_time = evidence["data"]["split"]["strategy"] == "time"
    far = shifted(evidence)
    return (
        f"Columns in use hold moments after their own row: {ahead}." if ahead else "",
        f"{count(early, 'holdout row')} older than the newest training row."
        if early and is_by_time
        else "",
        f"{count(shared, 'cluster')} with rows on both sides of the split." if shared else "",
        f"{count(len(far), 'column')} shifted since the champion's data: {', '.join(far[:5])}"
        f"{' and others' if len(far) > 5 else ''}."
        if far
        else "",
    )


def _of_model(evidence: Evidence) -> tuple[str, ...]:
    again, signature = evidence.get("reproduction"), evidence.get("compatibility")
    unreadable = ", ".join(evidence["artifact"]["unreadable"])
    added = ", ".join(signature["added"]) if signature else ""
    return (
        "The same training once more gave other predictions."
        if again and again["predictions"] != again["repeated_predictions"]
        else "",
        f"Files that may be pickles and cannot be read as such: {unreadable}."
        if unreadable
        else "",
        f"Callers must send inputs that the champion does not take: {added}." if added else "",
        "Callers get back something else than from the champion."
        if signature and signature["outputs_changed"]
        else "",
    )


def _of_gates(decision: Decision) -> tuple[str, ...]:
    return tuple(
        f"{line.name} did not pass and does not block: {sentences(line.why)}"
        for line in gate_lines(decision)
        if line.tone in ("warn", "waived")
    )


def _of_slices(evidence: Evidence, decision: Decision) -> tuple[str, ...]:
    lines = slice_lines(evidence, decision)
    worse = [
        " with ".join(line.parts)
        for line in lines
        if line.comparison and line.comparison["high"] < 0
    ]
    reference = reference_name(evidence)
    return (
        f"{count(len(worse), 'slice')} clearly worse than {reference}: {', '.join(worse[:5])}"
        f"{' and others' if len(worse) > 5 else ''}."
        if worse
        else "",
        *(f"{count(len(few), 'slice')} {why}." for why, few in not_judged(lines).items()),
    )
