"""`mlgitops audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.model.errors import GateFailed, Unavailable

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--verify",
        action="store_true",
        help="verify signatures too, as where the project demands them; a release without one "
        "is then not proven",
    )
    parser.add_argument(
        "--offline", action="store_true", help="look at git only, not at bytes in the registry"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Show what is proven of every release; 3 if something is not, 6 if nobody could tell.

    What nobody asked to look at is shown as that, and is no failure.
    """
    from mlgitops.usecases.audit import audit, checks_for

    specs = wiring.desired
    registry = None if arguments.offline else wiring.desired_registry
    rows = audit(specs, checks_for(specs, registry, verify=arguments.verify))
    code = 0
    if any(row.is_refuted for row in rows):
        code = GateFailed.exit_code
    elif not all(row.is_known for row in rows):
        code = Unavailable.exit_code
    if arguments.format == "json":
        from mlgitops.cli.answers import answer
        from mlgitops.reports import documents

        away = code == Unavailable.exit_code
        silence = Unavailable("the registry did not answer") if away else None
        answer(documents.audit(wiring.desired_commit, rows), silence)
    else:
        from mlgitops.reports import audit_table

        audit_table.audit(wiring.console, rows)
    return code
