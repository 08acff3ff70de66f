"""Which past decisions would come out otherwise under other policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mlgitops.model.decision_log import Entry
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Environment, Specs
from mlgitops.model.verdict import Decision, GateResult, Verdict, moment
from mlgitops.policies.binding import BLOCKING, NEVER_LOWERED
from mlgitops.ports import ExpressionEngine
from mlgitops.usecases.gate import gate_all
from mlgitops.usecases.history import Archive


@dataclass(frozen=True, slots=True)
class Flip:
    """A decision that would be another one: *because* are `policy/rule`, or what is wrong.

    `policy/*` is one without which no gate decides.
    """

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
    only the flips that it has a part in are told, and those that nothing can be told of.

    Raises:
        SpecError: there is no such policy.
        MissingExtra: the expression engine is not installed.
    """
    if policy is not None and policy not in specs.policies:
        raise SpecError(f"there is no policy {policy!r}", hint="mlgitops policy lint")
    ahead = replace(specs, environments={e.name: _in_force(e) for e in specs.environments.values()})
    asked = [one for one in found if since is None or moment(one.decision.context) >= since]
    with_evidence = zip(asked, archive.evidence_of(asked), strict=True)
    known = [(entry, about) for entry, about in with_evidence if not isinstance(about, str)]
    again = gate_all(
        ahead, [(about, entry.decision.context) for entry, about in known], engine=engine
    )
    flips = [
        flip
        for (entry, _), after in zip(known, again, strict=True)
        if (flip := _flip(entry, after)) is not None
        # Whose fault it is that nothing can be judged, nobody knows.
        and (isinstance(after, SpecError) or _has_part(flip, policy))
    ]
    return Backtest(len(known), len(asked) - len(known), tuple(flips))


def _in_force(environment: Environment) -> Environment:
    return replace(environment, gates=tuple(replace(one, since=None) for one in environment.gates))


def _flip(entry: Entry, after: Decision | SpecError) -> Flip | None:
    before = entry.decision
    if isinstance(after, SpecError):
        return Flip(entry, before.verdict, Verdict.ERROR, (after.message,))
    if before.verdict is after.verdict:
        return None
    return Flip(entry, before.verdict, after.verdict, _because(before.gates, after.gates))


def _because(before: Sequence[GateResult], after: Sequence[GateResult]) -> tuple[str, ...]:
    was, will = _shut(before), _shut(after)
    found = sorted(one for one in was.keys() | will.keys() if was.get(one) != will.get(one))
    decided, decide = _deciding(before), _deciding(after)
    if not decided or not decide:  # an error, though nothing is shut
        found += [f"{policy}/*" for policy in sorted(decided ^ decide)]
    return tuple(found) or ("a recorded verdict that does not follow from its gates",)


def _shut(gates: Iterable[GateResult]) -> dict[str, list[Verdict]]:
    """What whatever keeps a gate shut says, by `policy/rule`: a policy can be bound twice."""
    found: dict[str, list[Verdict]] = {}
    for gate in gates:
        for rule in gate.rules if gate.is_blocking else ():
            if rule.verdict is not Verdict.PASS:
                found.setdefault(f"{gate.policy}/{rule.rule}", []).append(rule.verdict)
    return {name: sorted(verdicts) for name, verdicts in found.items()}


def _deciding(gates: Iterable[GateResult]) -> set[str]:
    """The policies that make a verdict other than an error."""
    return {
        gate.policy
        for gate in gates
        if gate.applies and gate.level in BLOCKING and gate.policy not in NEVER_LOWERED
    }


def _has_part(flip: Flip, policy: str | None) -> bool:
    return policy is None or any(one.partition("/")[0] == policy for one in flip.because)
