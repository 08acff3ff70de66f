"""Plan, status and outcome as tables at a terminal.

What the use cases return is described by Protocols, since this floor may not
import them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from mlgitops.model.digest import short
from mlgitops.model.plan import Change, Plan, TargetPlan, Verb
from mlgitops.model.sync import Sync
from mlgitops.reports import drawing
from mlgitops.reports.numbers import count, number

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from mlgitops.model.errors import MlgitopsError
    from mlgitops.model.sample_size import Basis, SampleSize
    from mlgitops.model.spec import Pin
    from mlgitops.model.state import Target

_COMMIT_DIGITS = 7
_OUTCOMES: Mapping[str, str] = {
    "applied": "green",
    "unchanged": "dim",
    "left": "bold yellow",
    "failed": "bold red",
}
_RARE = {Sync.UNPROVEN: "not proven", Sync.UNMANAGED: "unmanaged", Sync.UNKNOWN: "unknown"}
_BASES: Mapping[Basis, str] = {
    "comparison": "",
    "metric": " (from the metric's own interval, as if the two erred independently)",
    "assumption": " (if the two decide differently on one row in ten: there is no evidence yet)",
}
_OF_ALIASES = (Verb.SET_ALIAS, Verb.MOVE_ALIAS, Verb.DROP_ALIAS)


def plan(console: Console, planned: Plan, *, is_offered: bool = True) -> None:
    """Every target, and below it what would change.

    A plan *is_offered* when reconcile would carry out just that.
    """
    table = drawing.table("Target", "State", "Why")
    table.columns[0].overflow = "fold"
    table.columns[1].no_wrap = True
    table.columns[2].ratio = 1
    for target in planned.targets:
        table.add_row(*_target_row(target))
        for change in target.changes:
            table.add_row(*_change_row(change, target))
    if planned.targets:
        console.print(table)
    console.print(drawing.text(plan_sentence(planned)))
    if planned.changes and is_offered:
        # One long line, to be copied whole.
        command = f"mlgitops reconcile --expect {planned.digest}"
        console.print(
            drawing.text(f"To carry out this and nothing else: {command}", "dim"), soft_wrap=True
        )


def sample_sizes(console: Console, sizes: Sequence[SampleSize]) -> None:
    """What each gate can tell with the rows that there are, and how many it needs."""
    for size in sizes:
        console.print(drawing.text(_sample_size(size), "dim"), soft_wrap=True)


def _sample_size(size: SampleSize) -> str:
    gate = f"{size.target}: not-worse-than-champion on {size.metric}, margin {number(size.margin)}"
    said = []
    if size.rows is not None and size.inconclusive is not None:
        how = "at most" if size.basis == "metric" else "about"
        said.append(
            f"with {count(size.rows, 'row')} inconclusive {how} {size.inconclusive:.0%} of the "
            "time when the models are equal"
        )
    if size.rows_needed is None:
        said.append("no number of rows shows that nothing is lost, so give a margin")
    else:
        said.append(f"{count(size.rows_needed, 'row')} would do for {size.power:.0%}")
    return f"{gate}: {'; '.join(said)}{_BASES[size.basis]}."


def plan_sentence(planned: Plan) -> str:
    """What the plan comes to, with its name."""
    states = [target.sync for target in planned.targets]
    if not states:
        return "There are no releases yet, so there is nothing to do."
    verbs = [change.verb for change in planned.changes]
    moves = sum(verb in (Verb.SET_ALIAS, Verb.MOVE_ALIAS) for verb in verbs)
    parts = [
        f"{moves} to move",
        f"{verbs.count(Verb.DROP_ALIAS)} to remove",
        f"{count(len(verbs), 'write')}",
        f"{sum(state.is_drift and state is not Sync.UNPROVEN for state in states)} drifted",
        f"{states.count(Sync.SYNCED)} in sync",
    ]
    parts += [f"{states.count(one)} {said}" for one, said in _RARE.items() if one in states]
    return f"Plan {short(planned.digest)}: {', '.join(parts)}."


def _target_row(target: TargetPlan) -> tuple[Text, Text, Text]:
    return (
        drawing.text(str(target.target), "bold"),
        drawing.text(target.sync.value, sync_style(target.sync)),
        drawing.text(target.reason),
    )


def sync_style(sync: Sync) -> str:
    """Green for what is as git says, yellow for work, red for what somebody did."""
    if sync is Sync.SYNCED:
        return "green"
    if sync is Sync.PENDING:
        return "yellow"
    return "bold red" if sync.is_drift else "dim"


def _change_row(change: Change, target: TargetPlan) -> tuple[Text, Text, Text]:
    after = _version(change.after)
    pinned = target.desired
    detail = f"candidate {short(pinned.candidate)}" if pinned and change.after is not None else ""
    return (
        drawing.text(f"  {_sign(change)} {_name(change)}"),
        drawing.text(f"{_version(change.before)} → {after}"),
        drawing.text(detail, "dim"),
    )


def _sign(change: Change) -> str:
    if change.after is None:
        return "-"
    return "+" if change.before is None else "~"


def _version(number: int | None) -> str:
    return "\N{EN DASH}" if number is None else f"v{number}"


class StatusRow(Protocol):
    """One target of `status`; *since* and *commit* are None if it was not us."""

    @property
    def target(self) -> Target:
        """The model and environment."""

    @property
    def sync(self) -> Sync:
        """How git and registry relate."""

    @property
    def reason(self) -> str:
        """Why, in a few words."""

    @property
    def desired(self) -> Pin | None:
        """What git wants; None: nothing."""

    @property
    def live(self) -> int | None:
        """The live version; None: none is."""

    @property
    def since(self) -> datetime | None:
        """When it was made live, in any zone."""

    @property
    def commit(self) -> str | None:
        """The commit that it was made live for."""


def status(console: Console, rows: Sequence[StatusRow]) -> None:
    """What git wants and what is live, and why where the two differ."""
    if not rows:
        console.print("There is no model and no environment yet.")
        return
    table = drawing.table("Target", "State", "Git", "Live", "Since (UTC)", "Commit")
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.no_wrap = True
    for row in rows:
        since = row.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if row.since else ""
        table.add_row(
            drawing.text(str(row.target), "bold"),
            drawing.text(row.sync.value, sync_style(row.sync)),
            _version(row.desired.version if row.desired else None),
            _version(row.live),
            since,
            drawing.text((row.commit or "")[:_COMMIT_DIGITS]),
        )
    console.print(table)
    for row in rows:
        if row.sync not in (Sync.SYNCED, Sync.UNMANAGED):
            console.print(drawing.text(f"{row.target}: {row.reason}.", sync_style(row.sync)))
    if all(row.sync is Sync.UNMANAGED and row.live is None for row in rows):
        console.print("There are no releases yet.")


class ResultRow(Protocol):
    """One target of `reconcile`."""

    @property
    def plan(self) -> TargetPlan:
        """What was to be done."""

    @property
    def status(self) -> str:
        """`applied`, `unchanged`, `left` or `failed`."""

    @property
    def error(self) -> MlgitopsError | None:
        """Why it failed."""


def outcome(console: Console, results: Sequence[ResultRow]) -> None:
    """What became of every target."""
    table = drawing.table("Target", "Outcome", "What was done, or why not")
    table.columns[0].overflow = "fold"
    table.columns[1].no_wrap = True
    table.columns[2].ratio = 1
    for result in results:
        name, style = str(result.status), _OUTCOMES.get(str(result.status), "")
        target = drawing.text(str(result.plan.target), "bold")
        table.add_row(target, drawing.text(name, style), drawing.text(_done(result)))
    if results:
        console.print(table)
    found = [str(result.status) for result in results]
    counts = ", ".join(f"{found.count(name)} {name}" for name in _OUTCOMES)
    console.print(drawing.text(f"{count(len(found), 'target')}: {counts}."))


def _done(result: ResultRow) -> str:
    if result.error is not None:
        return result.error.message
    if str(result.status) != "applied":
        return result.plan.reason
    return ", ".join(
        f"{_name(change)} {_version(change.before)} → {_version(change.after)}"
        for change in result.plan.changes
    )


def _name(change: Change) -> str:
    return f"alias {change.name}" if change.verb in _OF_ALIASES else "record"
