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
        help="carry out the plan with this digest, or its first 12 or more hex digits, and "
        "nothing else (`mlgitops plan` shows it)",
    )
    parser.add_argument(
        "--accept-rewritten-history",
        action="store_true",
        help="apply what git wants here although git does not contain what was applied last",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Make the registry equal to git, and show what was done."""
    from mlgitops.usecases.reconcile import reconcile

    neighbours = wiring.release_neighbours(is_rewritten=arguments.accept_rewritten_history)
    outcome = reconcile(wiring.desired, neighbours, wiring.stamp, expected=arguments.expect)
    made = sum(result.made for result in outcome.results)
    write_outputs(wiring.environ, "reconcile", {"changes": str(made)})
    if arguments.format == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        answer(documents.outcome(wiring.desired_commit, outcome.results), outcome.problem)
    else:
        from mlgitops.reports import terminal

        terminal.outcome(wiring.console, outcome.results)
    if outcome.problem:
        raise outcome.problem
    return 0
