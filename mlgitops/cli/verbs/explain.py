"""`mlgitops explain`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlgitops.model.run import STEPS

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("step", choices=STEPS, metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--model", metavar="MODEL", help="default: the only pipeline")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Say why the step ran or was skipped, naming the inputs that changed."""
    from mlgitops.reports.walk import render_step
    from mlgitops.usecases.explain import explain

    step = explain(wiring.store, wiring.model(arguments.model, wiring.specs), arguments.step)
    if arguments.format == "json":
        import json
        from dataclasses import asdict

        sys.stdout.write(json.dumps(asdict(step), indent=2) + "\n")
    else:
        sys.stdout.write(render_step(step))
    return 0
