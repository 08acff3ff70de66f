"""`mlgitops reconcile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.cli.github import write_outputs

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--expect",
        metavar="DIGEST",
        help="carry out the plan with this digest and nothing else (`mlgitops plan` shows it)",
    )


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Make the registry equal to git, and show what was done."""
    from mlgitops.reports import terminal
    from mlgitops.usecases.reconcile import Status, reconcile

    outcome = reconcile(
        wiring.desired, wiring.desired_registry, wiring.stamp, expected=arguments.expect
    )
    terminal.outcome(wiring.console, outcome.results)
    made = [result.plan.changes for result in outcome.results if result.status is Status.APPLIED]
    write_outputs(wiring.environ, "reconcile", {"changes": str(sum(map(len, made)))})
    if outcome.problem:
        raise outcome.problem
    return 0
