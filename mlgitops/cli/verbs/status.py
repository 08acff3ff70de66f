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
    from mlgitops.reports import terminal
    from mlgitops.usecases.holds import held_candidates
    from mlgitops.usecases.status import status

    rows = status(wiring.desired, wiring.registry)
    terminal.status(wiring.console, rows)
    branch = wiring.desired.project.branch
    for row in rows:
        for candidate in sorted(held_candidates(wiring.repository, row.target, branch)):
            wiring.console.print(f"held    {row.target}: {candidate}, rolled back")
    for request in wiring.forge.open_requests("mlgitops/"):
        wiring.console.print(f"open    {request.title}  ({request.reference})")
    return 0
