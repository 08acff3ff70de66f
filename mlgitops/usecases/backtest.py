"""Which past decisions would come out otherwise under other policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mlgitops.model.decision_log import Entry
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.model.spec import Environment, Specs
from mlgitops.model.verdict import Decision, GateResult, Verdict, moment
from mlgitops.ports import ExpressionEngine
from mlgitops.usecases.gate import gate_all
from mlgitops.usecases.history import Archive
from mlgitops.usecases.replay import evidence_of


@dataclass(frozen=True, slots=True)
class Flip:
    """A decision that would be another one: *because* are `policy/rule`, or what is wrong."""

    entry: Entry
    before: Verdict
    after: Verdict
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """*flips* among the decisions that were *judged* again; *unknown* lack their evidence."""

    judged: int
    unknown: int
    flips: tuple[Flip, ...]


def backtest(
    found: Sequence[Entry],
    specs: Specs,
    archive: Archive,
    *,
    engine: ExpressionEngine,
    since: datetime | None = None,
    policy: str | None = None,
) -> Backtest:
    """Judge the decisions of *found* made at or after *since* by *specs*, at their own times.

    Bindings that block from a later day count as if that day had come. With *policy*
    only the flips that it has a part in are told.

    Raises:
        SpecError: there is no such policy.
        MissingExtra: the expression engine is not installed.
    """
    if policy is not None and policy not in specs.policies:
        raise SpecError(f"there is no policy {policy!r}", hint="mlgitops policy lint")
    ahead = replace(specs, environments={e.name: _in_force(e) for e in specs.environments.values()})
    known: list[tuple[Entry, Evidence]] = []
    unknown = 0
    for entry in found:
        if since is not None and moment(entry.decision.context) < since:
            continue
        evidence = evidence_of(entry, archive)
        if isinstance(evidence, str):
            unknown += 1
        else:
            known.append((entry, evidence))
    asked = [(evidence, entry.decision.context) for entry, evidence in known]
    again = gate_all(ahead, asked, engine=engine)
    flips = (_flip(entry, after) for (entry, _), after in zip(known, again, strict=True))
    told = (flip for flip in flips if flip is not None and _has_part(flip, policy))
    return Backtest(len(known), unknown, tuple(told))


def _in_force(environment: Environment) -> Environment:
    return replace(environment, gates=tuple(replace(one, since=None) for one in environment.gates))


def _flip(entry: Entry, after: Decision | SpecError) -> Flip | None:
    before = entry.decision
    if isinstance(after, SpecError):
        return Flip(entry, before.verdict, Verdict.ERROR, (after.message,))
    if before.verdict is after.verdict:
        return None
    was, will = _shut(before.gates), _shut(after.gates)
    because = sorted(was ^ will) or ["no soft or hard gate applies"]
    return Flip(entry, before.verdict, after.verdict, tuple(because))


def _shut(gates: Iterable[GateResult]) -> set[str]:
    """`policy/rule` of whatever keeps a gate shut."""
    return {
        f"{gate.policy}/{rule.rule}"
        for gate in gates
        if gate.is_blocking
        for rule in gate.rules
        if rule.verdict is not Verdict.PASS
    }


def _has_part(flip: Flip, policy: str | None) -> bool:
    return policy is None or any(one.partition("/")[0] == policy for one in flip.because)
