"""`mlgitops promote`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlgitops.cli.github import (
    refuse_lost_branch,
    refuse_lost_registry,
    write_outputs,
    write_summary,
)

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring
    from mlgitops.usecases.promote import Promotion


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", nargs="?", metavar="MODEL", help="default: the only pipeline")
    parser.add_argument(
        "--to", required=True, dest="environment", metavar="ENV", help="environment to release to"
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--candidate", metavar="DIGEST", help="its first hex digits will do")
    chosen.add_argument("--version", type=int, metavar="N", help="a registered version's number")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Open the pull request, and say how to review and merge it."""
    from mlgitops.model.state import Target
    from mlgitops.reports.harmless import printable
    from mlgitops.usecases.candidates import THE_NEXT, Choice
    from mlgitops.usecases.promote import PromotionNeighbours, promote

    _refuse_what_is_lost(wiring)
    choice = Choice(arguments.version, arguments.candidate)
    made = promote(
        Target(arguments.environment, wiring.model(arguments.model, wiring.desired)),
        wiring.desired,
        PromotionNeighbours(
            wiring.repository,
            wiring.forge,
            wiring.desired_registry,
            wiring.engine,
            wiring.decisions,
            wiring.signer,
        ),
        now=wiring.clock.now(),
        choice=choice,
    )
    if choice == THE_NEXT:
        _tell_of_refused(wiring, made)
    if made.unmerged:
        sys.stderr.write(f"warning: {printable(made.unmerged)}\n")
    _show(wiring, made)
    return 0


def _show(wiring: Wiring, made: Promotion) -> None:
    reference = made.request.reference if made.request else ""
    write_outputs(wiring.environ, "promote", {"pull-request": reference})
    if made.request is None:
        sys.stdout.write(
            f"{made.target}: version {made.version} ({made.candidate}) is wanted already\n"
        )
        return
    title, proposed = made.request.title, made.request.branch
    write_summary(wiring.environ, f"### {title}\n\n`{proposed}` waits for review.\n")
    for branch in made.superseded:
        sys.stdout.write(f"closed     {branch} (superseded)\n")
    sys.stdout.write(
        f"{made.request.title}\n"
        f"opened     {made.request.reference}\n"
        f"signed     {f'by {made.signed_by.shown}' if made.signed_by else 'no'}\n"
        f"review     git show {made.request.branch}\n"
        f"approve    git merge {made.request.branch}\n"
        f"reject     git branch -D {made.request.branch}\n"
    )


def _tell_of_refused(wiring: Wiring, made: Promotion) -> None:
    """Say so if this is not the candidate of the last run here, since that was refused."""
    from mlgitops.usecases.refused import refused_by_last_run

    model = made.target.model
    refused = refused_by_last_run(wiring.store, model)
    if refused is not None and refused != made.candidate:
        sys.stderr.write(
            f"warning: this is not candidate {refused} of the last run here, which the gates "
            "refused, so that it was not registered\n"
            f"hint: mlgitops explain gate --model {model} says why; mend it, then: "
            f"mlgitops run {model}\n"
        )


def _refuse_what_is_lost(wiring: Wiring) -> None:
    from mlgitops.cli.address import local_places

    project, environ, root = wiring.desired.project, wiring.environ, wiring.root
    refuse_lost_branch(environ, root, project.forge.remote)
    refuse_lost_registry(environ, root, local_places(project.registry, root, environ))
