"""The wiring of a command, with some neighbours given instead of built."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlgitops.cli.app import Verb
from mlgitops.cli.wiring import Wiring


def wired(directory: Path, environ: Mapping[str, str] | None = None, **given: Any) -> Wiring:
    """A wiring for *directory* whose cached properties of the names *given* are there already."""
    wiring = Wiring(directory, dict(environ or {}), {})
    vars(wiring).update(given)
    return wiring


def call(verb: Any, wiring: Wiring, *words: str) -> int:
    """Run a verb's module with *words*, as `cli.app` does."""
    checked: Verb = verb
    parser = argparse.ArgumentParser()
    checked.configure(parser)
    with wiring:
        return checked.execute(parser.parse_args(words), wiring)
