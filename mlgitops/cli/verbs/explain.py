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
    from mlgitops.usecases.explain import explain

    step = explain(wiring.store, wiring.model(arguments.model, wiring.specs), arguments.step)
    if arguments.format == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        answer(documents.step(step))
    else:
        from mlgitops.reports.walk import render_step

        sys.stdout.write(render_step(step))
    return 0
