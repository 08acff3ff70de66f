"""`mlgitops plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.model.errors import ChangesPending, PlanIsStale

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring
    from mlgitops.model.plan import Plan


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help="exit with 4 if anything is not as git wants it, with 5 if that is a conflict",
    )
    parser.add_argument(
        "--accept-rewritten-history",
        action="store_true",
        help="show what `mlgitops reconcile` would do with this option",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Show what reconcile would do, and the rows that gates need; nothing is written."""
    from mlgitops.usecases.plan import plan
    from mlgitops.usecases.proof import problem_of
    from mlgitops.usecases.sample_sizes import sample_sizes

    neighbours = wiring.release_neighbours(is_rewritten=arguments.accept_rewritten_history)
    planned = plan(wiring.desired, wiring.desired_commit, neighbours)
    sizes = sample_sizes(wiring.desired, wiring.clock.now().date())
    problem = problem_of(planned)
    if arguments.format == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        answer(documents.plan(planned, sizes), problem)
    else:
        from mlgitops.reports import terminal

        terminal.plan(wiring.console, planned)
        terminal.sample_sizes(wiring.console, sizes)
    if problem:
        raise problem
    return _exit_code(planned) if arguments.exit_code else 0


def _exit_code(planned: Plan) -> int:
    from mlgitops.model.sync import Sync

    found = {target.sync for target in planned.targets}
    if Sync.CONFLICT in found:
        return PlanIsStale.exit_code
    return 0 if found <= {Sync.SYNCED, Sync.UNMANAGED} else ChangesPending.exit_code
