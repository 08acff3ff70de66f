"""`mlgitops check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlgitops.cli.strict import refused_warnings
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mlgitops.cli.wiring import Wiring
    from mlgitops.model.source import Diagnostic


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--strict", action="store_true", help="stop with code 2 on a warning, too")
    parser.add_argument("--format", choices=("text", "json", "github"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Check every spec; what is wrong is the result, in the format asked for.

    Raises:
        SpecError: something is wrong, and the format is text; or something is warned of,
            which `--strict` does not let pass.
    """
    try:
        found = wiring.check()
    except SpecError as error:
        if arguments.format == "text" or not error.diagnostics:
            raise
        _print_problems(error, arguments.format)
        return error.exit_code
    stop = refused_warnings(found.warnings) if arguments.strict else None
    if arguments.format == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        answer(documents.check([], found.warnings), stop)
        return 0
    if found.warnings:
        _warn(found.warnings, arguments.format, wiring)
    if stop:
        raise stop
    named = ", ".join(f"{count} {kind}" for kind, count in found.counts.items())
    sys.stdout.write(f"{sum(found.counts.values())} specs are right: {named}\n")
    return 0


def _warn(warnings: Sequence[Diagnostic], form: str, wiring: Wiring) -> None:
    from mlgitops.cli.output import commands, has_colours
    from mlgitops.reports.diagnostics import render_github, render_text

    if form == "github":
        commands(sys.stdout, render_github(warnings))
    else:
        color = has_colours(sys.stderr, wiring.environ)
        sys.stderr.write(render_text(warnings, wiring.texts, color=color))


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
