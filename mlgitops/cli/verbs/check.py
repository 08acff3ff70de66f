"""`mlgitops check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--format", choices=("text", "json", "github"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Check every spec; what is wrong is the result, in the format asked for.

    Raises:
        SpecError: something is wrong, and the format is text.
    """
    try:
        counts = wiring.check().counts
    except SpecError as error:
        if arguments.format == "text" or not error.diagnostics:
            raise
        _print_problems(error, arguments.format)
        return error.exit_code
    if arguments.format == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        answer(documents.check([]))
    else:
        named = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        sys.stdout.write(f"{sum(counts.values())} specs are right: {named}\n")
    return 0


def _print_problems(error: SpecError, form: str) -> None:
    if form == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        stop = documents.stop(error, error.exit_code)
        answer({**documents.check(error.diagnostics), "error": stop})
    else:
        from mlgitops.cli.output import commands
        from mlgitops.reports.diagnostics import render_github

        commands(sys.stdout, render_github(error.diagnostics))
