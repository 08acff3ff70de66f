"""`mlgitops drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.model.errors import ChangesPending

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--heal", action="store_true", help="put back what was changed, as git wants it"
    )


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Classify what was changed behind git's back; exit 4 if anything is left so."""
    from mlgitops.reports import terminal
    from mlgitops.usecases.drift import drift

    report = drift(wiring.desired, wiring.desired_registry, wiring.stamp, heal=arguments.heal)
    # Healing does not wait for another command, and reconcile may leave what was found.
    terminal.plan(wiring.console, report.plan, is_offered=False)
    if report.outcome is not None:
        terminal.outcome(wiring.console, report.outcome.results)
        if report.outcome.problem:
            raise report.outcome.problem
        return 0
    return ChangesPending.exit_code if report.drifted else 0
