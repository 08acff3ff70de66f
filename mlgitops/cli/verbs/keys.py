"""`mlgitops keys`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="make a key: the public half into mlops/keys")
    new.add_argument("name", metavar="NAME", help="whose key it is, e.g. ci")
    new.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where to write the private half; default: below ~/.config/mlgitops/keys",
    )
    actions.add_parser("list", help="show the keys, and which of them are trusted")
    actions.add_parser("sign", help="sign what was released before without a signature")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Do what was asked, and say what is to be done next."""
    if arguments.action == "new":
        return _new(arguments.name, arguments.out, wiring)
    return _list(wiring) if arguments.action == "list" else _sign(wiring)


def _new(name: str, out: Path | None, wiring: Wiring) -> int:
    from mlgitops.adapters.signing import LocalKeyMaker
    from mlgitops.cli.signing import private_place
    from mlgitops.usecases.keys import new
    from mlgitops.usecases.signing import KEY_FILE_VARIABLE

    project = wiring.specs.project
    place = private_place(name, project.name, wiring.environ)
    if out is not None:
        place = wiring.directory / out.expanduser()
    made = new(name, wiring.root, place, LocalKeyMaker())
    public = made.public.relative_to(wiring.root)
    sys.stdout.write(
        f"key        {made.key.shown}\n"
        f"private    {made.private} (keep it; nobody else can read it)\n"
        f"public     {public} (commit it to {project.branch}: then signatures by it count)\n"
        f"use        export {KEY_FILE_VARIABLE}={made.private}\n"
    )
    return 0


def _list(wiring: Wiring) -> int:
    from mlgitops.reports import audit_table
    from mlgitops.usecases.keys import known

    trusted = wiring.desired.trust.keys()
    rows = known(wiring.specs.trust.keys(), trusted)
    audit_table.keys(wiring.console, rows, wiring.desired.project.branch)
    return 0


def _sign(wiring: Wiring) -> int:
    from mlgitops.usecases.keys import sign_released
    from mlgitops.usecases.signing import KEY_FILE_VARIABLE, KEY_VARIABLE

    if wiring.signer is None:
        raise SpecError(
            "there is no key to sign with",
            hint=f"set {KEY_FILE_VARIABLE} or {KEY_VARIABLE}; `mlgitops keys new NAME` makes one",
        )
    signed = sign_released(wiring.specs, wiring.root, wiring.signer)
    for one in signed:
        sys.stdout.write(f"signed     {one.target}: {one.path}\n")
    sys.stdout.write(
        "commit them, and have that reviewed as a release is\n"
        if signed
        else "every release is signed already\n"
    )
    return 0
