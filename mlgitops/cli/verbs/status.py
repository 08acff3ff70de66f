"""`mlgitops status`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from mlgitops.cli.wiring import Wiring
    from mlgitops.model.state import Target
    from mlgitops.ports import PullRequest


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Show every model in every environment, open pull requests and held candidates."""
    from mlgitops.model.errors import Unavailable
    from mlgitops.model.sync import Sync
    from mlgitops.usecases.holds import held_candidates
    from mlgitops.usecases.status import status

    is_text = arguments.format == "text"
    rows = status(wiring.desired, wiring.desired_commit, wiring.release_neighbours())
    if is_text:
        from mlgitops.reports import terminal

        terminal.status(wiring.console, rows)
    commit = wiring.desired_commit
    held = {row.target: held_candidates(wiring.repository, row.target, commit) for row in rows}
    requests = wiring.forge.open_requests("mlgitops/")
    is_known = all(row.sync is not Sync.UNKNOWN for row in rows)
    if is_text:
        _show(wiring.console, held, requests)
    else:
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        silence = None if is_known else Unavailable("the registry did not answer")
        answer(documents.status(rows, held, requests), silence)
    return 0 if is_known else Unavailable.exit_code


def _show(
    console: Console, held: Mapping[Target, Collection[str]], requests: Iterable[PullRequest]
) -> None:
    from rich.text import Text

    from mlgitops.reports.harmless import printable

    for target, candidates in held.items():
        for candidate in sorted(candidates):
            line = f"held  {target}: {candidate}, released and rolled back"
            console.print(Text(printable(line), "yellow"))
    for request in requests:
        console.print(Text(f"open  {printable(request.title)}"))
        console.print(Text(f"      {printable(request.reference)}"))
