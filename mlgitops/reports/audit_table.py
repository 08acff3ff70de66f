"""The rows of `mlgitops audit` and of `mlgitops keys list` as tables at a terminal.

What the use cases return is described by Protocols, since this floor may not
import them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Protocol

from mlgitops.model.digest import short
from mlgitops.reports import drawing
from mlgitops.reports.numbers import count

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mlgitops.model.attestation import PublicKey
    from mlgitops.model.spec import Pin
    from mlgitops.model.state import Target

_STYLES: Mapping[str, str] = {"proven": "green", "not proven": "bold red", "unknown": "bold yellow"}
# More columns than a table asks for, so that its measure is what it asks for.
_ANY_WIDTH = 10_000


class Finding(Protocol):
    """What one check found."""

    @property
    def standing(self) -> str:
        """`proven`, `not proven`, or why it is neither."""

    @property
    def detail(self) -> str:
        """What is wrong, or who signed."""

    @property
    def is_sufficient(self) -> bool:
        """Whether the check looked, and found what it has to."""


class AuditRow(Protocol):
    """One Release."""

    @property
    def target(self) -> Target:
        """The model and environment."""

    @property
    def pin(self) -> Pin:
        """What it wants live."""

    @property
    def findings(self) -> Mapping[str, Finding]:
        """By the check's name, in the order of the columns."""

    @property
    def is_proven(self) -> bool:
        """Whether every check looked, and found what it has to."""

    @property
    def is_refuted(self) -> bool:
        """Whether a check failed; a row that is neither was not looked at by every check."""


class KeyRow(Protocol):
    """A key of the work tree or of the project's branch."""

    @property
    def key(self) -> PublicKey:
        """The key with its name."""

    @property
    def is_here(self) -> bool:
        """Whether the work tree has it."""

    @property
    def is_trusted(self) -> bool:
        """Whether the project's branch has it."""


def audit(console: Console, rows: Sequence[AuditRow]) -> None:
    """Every Release and what each check found; below them, why something is not proven.

    Where a table is wider than the console, each Release is a block of lines instead:
    of a cut digest or target nobody knows what it names.
    """
    if not rows:
        console.print("Nothing is released, so there is nothing to prove.")
        return
    table = _table(rows)
    unbounded = console.options.update(width=_ANY_WIDTH)
    if console.measure(table, options=unbounded).maximum <= console.width:
        console.print(table)
    else:
        for row in rows:
            _print_block(console, row)
    for row in rows:
        for name, finding in row.findings.items():
            if finding.detail and str(finding.standing) != "proven":
                said = f"{row.target}: {name}: {finding.detail}."
                _print_words(console, said, _STYLES.get(str(finding.standing), ""))
    console.print(_summary(rows))


def _table(rows: Sequence[AuditRow]) -> Table:
    """A line for each Release, none of whose cells is ever cut or folded."""
    checks = list(rows[0].findings)
    table = drawing.table("Target", "Version", "Candidate", *map(str.capitalize, checks))
    for column in table.columns:
        column.no_wrap = True
    for row in rows:
        table.add_row(
            drawing.text(str(row.target), "bold"),
            f"v{row.pin.version}",
            short(row.pin.candidate),
            *(_cell(row.findings[name]) for name in checks),
        )
    return table


def _print_block(console: Console, row: AuditRow) -> None:
    """One Release: what it is on the first line, then a line for each check."""
    head = drawing.text("").append_text(drawing.text(str(row.target), "bold"))
    head.append_text(drawing.text(f" v{row.pin.version} {short(row.pin.candidate)}"))
    console.print(head, soft_wrap=True)
    widest = max(map(len, row.findings))
    for name, finding in row.findings.items():
        line = drawing.text(f"  {name.capitalize():<{widest}}  ", "dim")
        # The first style of a text is that of all of it.
        console.print(drawing.text("").append_text(line).append_text(_cell(finding)))


def _print_words(console: Console, said: str, style: str) -> None:
    """*said* in lines that break between words only: paths and digests are copied whole."""
    shown = drawing.text(said, style)
    lines = wrap(shown.plain, console.width, break_long_words=False, break_on_hyphens=False)
    for line in lines:
        console.print(drawing.text(line, style), soft_wrap=True)


def _summary(rows: Sequence[AuditRow]) -> str:
    """How many releases are proven, are not, or are neither, and by which checks."""
    proven = sum(row.is_proven for row in rows)
    refuted = sum(row.is_refuted for row in rows)
    open_rows = [row for row in rows if not row.is_proven and not row.is_refuted]
    left_out = dict.fromkeys(
        f"{name} {finding.standing}"
        for row in open_rows
        for name, finding in row.findings.items()
        if not finding.is_sufficient
    )
    of_what = f" ({', '.join(left_out)})" if left_out else ""
    return (
        f"{count(len(rows), 'release')}: {proven} proven, {refuted} not, "
        f"{len(open_rows)} neither{of_what}."
    )


def keys(console: Console, rows: Sequence[KeyRow], branch: str) -> None:
    """Every key, and whether signatures by it count on *branch*."""
    if not rows:
        console.print("There is no key yet: `mlgitops keys new NAME` makes one.")
        return
    table = drawing.table("Key", "Id", "Trusted")
    table.columns[2].ratio = 1
    for row in rows:
        table.add_row(drawing.text(row.key.name, "bold"), row.key.id[:12], _trusted(row, branch))
    console.print(table)


def _cell(finding: Finding) -> Text:
    standing = str(finding.standing)
    shown = finding.detail if standing == "proven" and finding.detail else standing
    return drawing.text(shown, _STYLES.get(standing, "dim"))


def _trusted(row: KeyRow, branch: str) -> Text:
    if row.is_trusted and row.is_here:
        return drawing.text("yes", "green")
    if row.is_trusted:
        return drawing.text(f"yes, by {branch}; it is not in this work tree", "yellow")
    return drawing.text(f"not yet: commit it to {branch}", "yellow")
