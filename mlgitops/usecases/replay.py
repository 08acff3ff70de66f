"""Judges past decisions again, by the policies that they were made with.

Whoever has the repository can so tell whether a decision is what its policies say:
the same evidence, policies, waivers, time and engine give the same document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from mlgitops.model.decision_log import Entry
from mlgitops.model.digest import canonical_json
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.spec import Specs
from mlgitops.model.verdict import Decision, decision_document
from mlgitops.ports import ExpressionEngine
from mlgitops.usecases.gate import gate_all
from mlgitops.usecases.history import Archive

Outcome = Literal["equal", "differs", "unknown"]
SpecsAt = Callable[[str], Specs]


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of one decision, judged again; *reason* is empty when it is equal.

    It is *unknown* where its evidence or its commit is gone.
    """

    entry: Entry
    outcome: Outcome
    reason: str = ""


def replay(
    found: Sequence[Entry], archive: Archive, specs_at: SpecsAt, *, engine: ExpressionEngine
) -> tuple[Replay, ...]:
    """Judge each of *found* again, by the specs of its commit; ordered by commit, then as given.

    Raises:
        MissingExtra: the expression engine is not installed.
    """
    by_commit = sorted(found, key=lambda entry: entry.commit)
    return tuple(
        one
        for commit, entries in groupby(by_commit, key=lambda entry: entry.commit)
        for one in _of_commit(commit, list(entries), archive, specs_at, engine)
    )


def _of_commit(
    commit: str,
    found: Sequence[Entry],
    archive: Archive,
    specs_at: SpecsAt,
    engine: ExpressionEngine,
) -> Iterator[Replay]:
    try:
        specs = specs_at(commit)
    except SpecError as error:
        reason = f"the policies of commit {commit[:12]} cannot be read: {error.message}"
        yield from (Replay(entry, "unknown", reason) for entry in found)
        return
    known: list[tuple[Entry, Evidence]] = []
    for entry in found:
        evidence = evidence_of(entry, archive)
        if isinstance(evidence, str):
            yield Replay(entry, "unknown", evidence)
        else:
            known.append((entry, evidence))
    asked = [(evidence, entry.decision.context) for entry, evidence in known]
    for (entry, _), again in zip(known, gate_all(specs, asked, engine=engine), strict=True):
        yield _compared(entry, again)


def evidence_of(entry: Entry, archive: Archive) -> Evidence | str:
    """What the decision was about, or why nobody can tell."""
    try:
        evidence = archive.evidence(entry.decision)
    except SpecError as error:
        return f"its evidence cannot be read: {error.message}"
    return evidence or "its evidence is neither at HEAD nor in the store"


def _compared(entry: Entry, again: Decision | SpecError) -> Replay:
    if isinstance(again, SpecError):
        return Replay(entry, "differs", f"it cannot be judged any more: {again.message}")
    after = decision_document(again)
    if canonical_json(after).decode() == entry.text:
        return Replay(entry, "equal")
    before = decision_document(entry.decision)
    reason = f"other than recorded: {', '.join(_differences(before, after))}"
    if entry.dirty:
        reason += "; it was made with uncommitted changes"
    return Replay(entry, "differs", reason)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """The parts that differ; of gates, the policies."""
    for key, was in before.items():
        if key != "gates" and canonical_json(was) != canonical_json(after[key]):
            yield f"{key} ({was} → {after[key]})" if key == "engine" else key
    mine, other = (
        {canonical_json(gate): gate["policy"] for gate in one["gates"]} for one in (before, after)
    )
    changed = {mine[one] for one in mine.keys() - other.keys()}
    changed |= {other[one] for one in other.keys() - mine.keys()}
    yield from (f"the gate {policy}" for policy in sorted(changed))
