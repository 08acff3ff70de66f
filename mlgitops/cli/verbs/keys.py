"""`mlgitops keys`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring
    from mlgitops.ports import Signer
    from mlgitops.usecases.keys import SigningRound


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
    sign = actions.add_parser(
        "sign", help="sign what is released, and what a rollback brings back, where it is not"
    )
    sign.add_argument("model", nargs="?", metavar="MODEL", help="sign one version of it only")
    sign.add_argument("--env", dest="environment", metavar="ENV", help="where it was released")
    sign.add_argument("--version", type=int, metavar="N", help="which version, however old")


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Do what was asked, and say what is to be done next."""
    if arguments.action == "new":
        return _new(arguments.name, arguments.out, wiring)
    return _list(wiring) if arguments.action == "list" else _sign(arguments, wiring)


def _new(name: str, out: Path | None, wiring: Wiring) -> int:
    from mlgitops.adapters.signing import LocalKeyMaker
    from mlgitops.cli.signing import private_place
    from mlgitops.usecases.keys import new
    from mlgitops.usecases.signing import KEY_FILE_VARIABLE

    project = wiring.specs.project
    place = private_place(name, project.name, wiring.environ)
    if out is not None:
        place = wiring.directory / out.expanduser()
    made = new(name, wiring.root, place, LocalKeyMaker(), is_our_folder=out is None)
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


def _sign(arguments: argparse.Namespace, wiring: Wiring) -> int:
    from mlgitops.usecases.keys import sign_released

    signer = _signer(wiring)
    asked = (arguments.model, arguments.environment, arguments.version)
    if asked == (None, None, None):
        _tell(sign_released(wiring.specs, wiring.root, signer))
        return 0
    if None in asked:
        raise SpecError(
            "to sign one version, its model, environment and number are needed",
            hint="mlgitops keys sign MODEL --env ENV --version N",
        )
    from mlgitops.model.state import Target
    from mlgitops.usecases.keys import release_of, sign_version

    target = Target(arguments.environment, arguments.model)
    release = release_of(target, arguments.version, wiring.specs, wiring.repository)
    _tell(sign_version(release, wiring.specs, wiring.root, signer))
    return 0


def _signer(wiring: Wiring) -> Signer:
    from mlgitops.usecases.signing import KEY_FILE_VARIABLE, KEY_VARIABLE

    if wiring.signer is None:
        raise SpecError(
            "there is no key to sign with",
            hint=f"set {KEY_FILE_VARIABLE} or {KEY_VARIABLE}; `mlgitops keys new NAME` makes one",
        )
    return wiring.signer


def _tell(found: SigningRound) -> None:
    for one in found.made:
        what = "" if one.is_live else ", which a rollback may bring back"
        sys.stdout.write(f"signed     {one.target} v{one.version}{what}: {one.path}\n")
    for other in found.left:
        sys.stdout.write(
            f"left out   {other.target} v{other.version}, which a rollback would bring back: "
            f"{other.reason}\n"
        )
    if found.made:
        sys.stdout.write("commit them, and have that reviewed as a release is\n")
    else:
        all_ = "all else" if found.left else "every release"
        sys.stdout.write(f"{all_} is signed already\n")
