"""`mlgitops plan`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlgitops.model.errors import ChangesPending

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring
    from mlgitops.model.plan import Plan, TargetPlan


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--exit-code", action="store_true", help="exit with 4 if there are changes")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Show what reconcile would do; nothing is written."""
    from mlgitops.usecases.plan import plan

    planned = plan(wiring.desired, wiring.desired_commit, wiring.desired_registry)
    if arguments.format == "json":
        sys.stdout.write(json.dumps(_document(planned), indent=2) + "\n")
    else:
        from mlgitops.reports import terminal

        terminal.plan(wiring.console, planned)
    return ChangesPending.exit_code if arguments.exit_code and planned.changes else 0


def _document(planned: Plan) -> dict[str, Any]:
    return {
        "digest": planned.digest,
        "commit": planned.commit,
        "targets": [_target(target) for target in planned.targets],
    }


def _target(target: TargetPlan) -> dict[str, Any]:
    applied = target.applied
    return {
        "target": asdict(target.target),
        "sync": target.sync.value,
        "reason": target.reason,
        "desired": asdict(target.desired) if target.desired else None,
        "live": target.live,
        "applied": asdict(applied) | {"at": applied.at.isoformat()} if applied else None,
        "changes": [asdict(change) for change in target.changes],
        "observed": target.observed,
    }
