"""What came of past decisions that were judged again, as text and as JSON.

What the use cases return is described by Protocols, since this floor may not
import them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mlgitops.model.digest import short
from mlgitops.reports.harmless import printable

if TYPE_CHECKING:
    from mlgitops.model.decision_log import Entry
    from mlgitops.model.verdict import Verdict


class Replay(Protocol):
    """One decision by the policies that it was made with."""

    @property
    def entry(self) -> Entry:
        """The decision as recorded."""

    @property
    def outcome(self) -> str:
        """`equal`, `differs` or `unknown`."""

    @property
    def reason(self) -> str:
        """Why it is not equal; empty when it is."""


class Flip(Protocol):
    """One decision that would be another by other policies."""

    @property
    def entry(self) -> Entry:
        """The decision as recorded."""

    @property
    def before(self) -> Verdict:
        """As recorded."""

    @property
    def after(self) -> Verdict:
        """By the other policies."""

    @property
    def because(self) -> tuple[str, ...]:
        """`policy/rule` of what makes the difference, or what is wrong."""


class Backtest(Protocol):
    """All decisions by other policies."""

    @property
    def judged(self) -> int:
        """How many."""

    @property
    def unknown(self) -> int:
        """How many more lack their evidence."""

    @property
    def flips(self) -> Sequence[Flip]:
        """Those of the judged that would be another."""


def replays_text(replays: Sequence[Replay]) -> str:
    """A line for each, below it why it is not equal, and how many are."""
    lines = []
    for one in replays:
        lines.append(f"{_line(one.entry)}  {one.outcome}")
        lines += [f"  {printable(one.reason)}"] if one.reason else []
    equal = sum(one.outcome == "equal" for one in replays)
    lines.append(f"{equal} of {len(replays)} decisions come out byte for byte as recorded")
    return "\n".join(lines) + "\n"


def replays_document(replays: Sequence[Replay]) -> dict[str, Any]:
    """The same as JSON."""
    rows = [{**_row(one.entry), "outcome": one.outcome, "reason": one.reason} for one in replays]
    return {"replays": rows}


def backtest_text(made: Backtest) -> str:
    """A line for each flip, below it what makes it, and how many there are."""
    lines = []
    for flip in made.flips:
        lines.append(f"{_line(flip.entry)}  {flip.before} → {flip.after}")
        lines += [f"  because of {printable(reason)}" for reason in flip.because]
    lacking = f"; {made.unknown} lack their evidence" if made.unknown else ""
    lines.append(f"{len(made.flips)} of {made.judged} decisions would flip{lacking}")
    return "\n".join(lines) + "\n"


def backtest_document(made: Backtest) -> dict[str, Any]:
    """The same as JSON."""
    flips = [
        {
            **_row(flip.entry),
            "before": str(flip.before),
            "after": str(flip.after),
            "because": list(flip.because),
        }
        for flip in made.flips
    ]
    return {"judged": made.judged, "unknown": made.unknown, "flips": flips}


def _row(entry: Entry) -> dict[str, Any]:
    decision = entry.decision
    return {
        "id": entry.id,
        "time": decision.context["now"],
        "stage": decision.context["stage"],
        "environment": decision.environment,
        "model": decision.model,
        "candidate": short(decision.candidate),
        "commit": entry.commit,
    }


def _line(entry: Entry) -> str:
    row = _row(entry)
    place = printable(f"{row['environment']}/{row['model']}")
    candidate = printable(row["candidate"])
    return f"{short(entry.id)}  {row['time']}  {row['stage']:<7}  {place}  {candidate}"
