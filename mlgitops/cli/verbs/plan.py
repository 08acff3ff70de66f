"""`mlgitops plan`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from mlgitops.model.errors import ChangesPending

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--exit-code", action="store_true", help="exit with 4 if there are changes")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Show what reconcile would do; nothing is written."""
    from mlgitops.usecases.plan import plan

    planned = plan(wiring.desired, wiring.desired_commit, wiring.registry)
    if arguments.format == "json":
        document = {"digest": planned.digest, **asdict(planned)}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        from mlgitops.reports import terminal

        terminal.plan(wiring.console, planned)
    return ChangesPending.exit_code if arguments.exit_code and planned.changes else 0
