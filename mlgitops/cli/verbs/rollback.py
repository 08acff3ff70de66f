"""`mlgitops rollback`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlgitops.cli.github import refuse_lost_branch

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", nargs="?", metavar="MODEL", help="default: the only pipeline")
    parser.add_argument(
        "--env",
        required=True,
        dest="environment",
        metavar="ENV",
        help="environment to take it from",
    )
    parser.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="an earlier release's version; default: the one before",
    )


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Open the revert pull request."""
    from mlgitops.model.state import Target
    from mlgitops.usecases.rollback import RollbackNeighbours, rollback

    refuse_lost_branch(wiring.environ, wiring.root, wiring.desired.project.forge.remote)
    made = rollback(
        Target(arguments.environment, wiring.model(arguments.model, wiring.desired)),
        wiring.desired,
        RollbackNeighbours(wiring.repository, wiring.forge, wiring.desired_registry),
        version=arguments.version,
    )
    restored = f"version {made.restored.version}" if made.restored else "nothing"
    sys.stdout.write(
        f"{made.request.title}\n"
        f"opened     {made.request.reference}\n"
        f"restores   {restored}; {made.undone.candidate} will be held\n"
        f"approve    git merge {made.request.branch}\n"
    )
    return 0
