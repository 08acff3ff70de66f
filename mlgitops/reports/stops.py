"""Which gates stop a candidate, by names that tell them apart, and what to do about each.

All texts are raw: whoever shows them escapes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlgitops.model.verdict import Decision, GateResult, RuleResult, Verdict

URGENCY = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
MOST_REMEDIES = 5
_MOST_ITEMS = 3


@dataclass(frozen=True, slots=True)
class Stop:
    """A gate that blocks, with its *name* among all gates of the decision."""

    name: str
    gate: GateResult

    @property
    def missed(self) -> tuple[RuleResult, ...]:
        """Its rules that did not pass."""
        return tuple(rule for rule in self.gate.rules if rule.verdict is not Verdict.PASS)


def stops(decision: Decision) -> tuple[Stop, ...]:
    """The gates that block: errors first, then failures, then what is not decided."""
    named = zip(gate_names(decision), decision.gates, strict=True)
    found = [Stop(name, gate) for name, gate in named if gate.is_blocking]
    return tuple(sorted(found, key=lambda stop: URGENCY.index(stop.gate.verdict)))


def gate_names(decision: Decision) -> tuple[str, ...]:
    """Each gate's policy, with the parameters that tell it from others of that policy."""
    return tuple(_name(gate, decision.gates) for gate in decision.gates)


def remedies(found: Iterable[Stop]) -> tuple[str, ...]:
    """What to do, each thing once, behind the names of the gates that ask for it."""
    askers: dict[str, dict[str, None]] = {}
    for stop in found:
        for rule in stop.missed:
            if rule.remediation:
                askers.setdefault(rule.remediation, {})[stop.name] = None
    asked: dict[tuple[str, ...], list[str]] = {}
    for remedy, names in askers.items():
        asked.setdefault(tuple(names), []).append(remedy)
    return tuple(
        # One alone stays as it is written: it may end with a command.
        f"{', '.join(names)}: {sentences(told) if len(told) > 1 else told[0]}"
        for names, told in asked.items()
    )


def parameters_text(parameters: Mapping[str, Any]) -> str:
    """`margin 0.01, metrics [f1, recall]`: by name, of a list the first three."""
    return ", ".join(f"{name} {_parameter(value)}" for name, value in sorted(parameters.items()))


def sentences(texts: Iterable[str]) -> str:
    """*texts* one after the other, each with a full stop or a sign of its own."""
    return " ".join(text if text.endswith((".", "!", "?", ":")) else f"{text}." for text in texts)


def _name(gate: GateResult, among: Sequence[GateResult]) -> str:
    same = [other.parameters for other in among if other.policy == gate.policy]
    differing = {
        name: value
        for name, value in gate.parameters.items()
        if any(other.get(name) != value for other in same)
    }
    return f"{gate.policy} ({parameters_text(differing)})" if differing else gate.policy


def _parameter(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, list):
        return '""' if value == "" else str(value)
    more = f", and {len(value) - _MOST_ITEMS} more" if len(value) > _MOST_ITEMS else ""
    return f"[{', '.join(map(str, value[:_MOST_ITEMS]))}{more}]"
