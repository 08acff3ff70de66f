"""`mlgitops drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.model.errors import ChangesPending, PlanIsStale

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from mlgitops.cli.wiring import Wiring
    from mlgitops.usecases.drift import DriftReport


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--heal", action="store_true", help="put back what was changed, as git wants it"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Classify what was changed behind git's back; exit 4 or 5 if anything is left so."""
    from mlgitops.usecases.drift import drift

    neighbours = wiring.release_neighbours()
    report = drift(wiring.desired, neighbours, wiring.stamp, heal=arguments.heal)
    problem = report.outcome.problem if report.outcome else None
    if arguments.format == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        healed = report.outcome.results if report.outcome else None
        answer(documents.drift(report.plan, healed), problem)
    else:
        _show(report, wiring.console)
    if problem:
        raise problem
    if report.outcome is not None or not report.drifted:
        return 0
    return PlanIsStale.exit_code if report.has_conflict else ChangesPending.exit_code


def _show(report: DriftReport, console: Console) -> None:
    from mlgitops.reports import terminal

    # Healing does not wait for another command, and reconcile may leave what was found.
    terminal.plan(console, report.plan, is_offered=False)
    if report.outcome is not None:
        terminal.outcome(console, report.outcome.results)
