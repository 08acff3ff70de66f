"""`mlgitops status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """No arguments."""
    del parser


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Show every model in every environment, open pull requests and held candidates."""
    del arguments
    from rich.text import Text

    from mlgitops.model.errors import Unavailable
    from mlgitops.model.plan import Sync
    from mlgitops.reports import terminal
    from mlgitops.usecases.holds import held_candidates
    from mlgitops.usecases.status import status

    rows = status(wiring.desired, wiring.desired_registry)
    branch = wiring.desired.project.branch
    terminal.status(wiring.console, rows)
    for row in rows:
        for candidate in sorted(held_candidates(wiring.repository, row.target, branch)):
            line = f"held  {row.target}: {candidate}, released and rolled back"
            wiring.console.print(Text(line, "yellow"))
    for request in wiring.forge.open_requests("mlgitops/"):
        wiring.console.print(Text(f"open  {request.title}\n      {request.reference}"))
    is_known = all(row.sync is not Sync.UNKNOWN for row in rows)
    return 0 if is_known else Unavailable.exit_code
