"""Judges past decisions again, by the policies that they were made with.

Whoever has the repository can so tell whether a decision is what its policies say:
the same evidence, policies, waivers, time and engine give the same document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, Self

from mlgitops.model.decision_log import Entry
from mlgitops.model.digest import canonical_json
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.spec import Specs
from mlgitops.model.verdict import Decision, decision_document
from mlgitops.ports import ExpressionEngine
from mlgitops.usecases.gate import gate_all
from mlgitops.usecases.history import Archive

# What another policy may make otherwise; who brings one may bring another engine too.
_FOLLOWING = frozenset({"verdict", "engine"})
Outcome = Literal["equal", "differs", "unknown"]
SpecsAt = Callable[[str], Specs]


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of one decision, judged again; *reason* is empty when it is equal.

    It is *unknown* where something that it was made of is gone: evidence, commit, what
    was not committed, or the text of a policy, as those built in are of this version.
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
    for entry, evidence in zip(found, archive.evidence_of(found), strict=True):
        if isinstance(evidence, str):
            yield Replay(entry, "unknown", evidence)
        else:
            known.append((entry, evidence))
    asked = [(evidence, entry.decision.context) for entry, evidence in known]
    for (entry, _), again in zip(known, gate_all(specs, asked, engine=engine), strict=True):
        yield _compared(entry, again)


def _compared(entry: Entry, again: Decision | SpecError) -> Replay:
    if isinstance(again, SpecError):
        return Replay(entry, "unknown", f"it cannot be judged any more: {again.message}")
    after = decision_document(again)
    if canonical_json(after).decode() == entry.text:
        return Replay(entry, "equal")
    found = _Differences.of(decision_document(entry.decision), after)
    reason = f"other than recorded: {', '.join(found.told)}"
    if entry.dirty:
        reason += "; it was made with uncommitted changes"
        return Replay(entry, "unknown", reason)
    others = _other_policies(entry.decision, again)
    if others and found.gates <= others and found.parts <= _FOLLOWING:
        reason += f"; the policy is another one now: {', '.join(sorted(others))}"
        return Replay(entry, "unknown", reason)
    return Replay(entry, "differs", reason)


def _other_policies(before: Decision, after: Decision) -> set[str]:
    """Those that judged then and judge now, but by another text or other defaults."""
    was, now = _digests(before), _digests(after)
    return {policy for policy in was.keys() & now.keys() if was[policy] != now[policy]}


def _digests(decision: Decision) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for gate in decision.gates:
        found.setdefault(gate.policy, []).append(gate.digest)
    return {policy: sorted(digests) for policy, digests in found.items()}


@dataclass(frozen=True, slots=True)
class _Differences:
    """What differs: *gates* by policy, *parts* of the document besides, all of it *told*."""

    gates: set[str]
    parts: set[str]
    told: tuple[str, ...]

    @classmethod
    def of(cls, before: dict[str, Any], after: dict[str, Any]) -> Self:
        parts = {
            key: was
            for key, was in before.items()
            if key != "gates" and canonical_json(was) != canonical_json(after[key])
        }
        mine, other = (
            {canonical_json(gate): gate["policy"] for gate in one["gates"]}
            for one in (before, after)
        )
        gates = {mine[one] for one in mine.keys() - other.keys()}
        gates |= {other[one] for one in other.keys() - mine.keys()}
        told = [
            f"{key} ({was} → {after[key]})" if key == "engine" else key
            for key, was in parts.items()
        ]
        told += [f"the gate {policy}" for policy in sorted(gates)]
        return cls(gates, set(parts), tuple(told))
