"""`mlgitops demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.cli.github import WORKSPACE
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring

_DEFAULT = "demo-flights"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(_DEFAULT),
        metavar="DIR",
        help=f"new folder to play in, which is kept; default {_DEFAULT}",
    )


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Play the loop in a fresh repository and leave it there to look at.

    Raises:
        SpecError: the folder is there already and holds something.
    """
    from mlgitops.cli.story import Stage, WentAstray, play
    from mlgitops.spec.bundled import folder

    place: Path = arguments.folder.absolute()
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise SpecError(
            f"{arguments.folder} is not an empty folder",
            hint="name another folder, or remove it: the demo never overwrites",
        )
    try:
        # Nothing of the demo has to outlive a job: its repository is no checkout of one.
        environ = {name: value for name, value in wiring.environ.items() if name != WORKSPACE}
        play(Stage(place, folder("examples") / "flights", environ))
    except WentAstray as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0
