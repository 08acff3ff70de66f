"""Naming sources by content: 1 GiB in one file, and 10,000 files.

Ours is the code path of `run` for a source, in a process of its own. `dvc add`
also moves the content into its cache (hard links); ours leaves sources where they are.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from measure import Subject, interleaved, spread
from table import Pair, Row
from tools import Tools, dvc_repository, taken

GIB, BLOCK, FILES, FILE_BYTES = 1 << 30, 1 << 20, 10_000, 9_920


def rows(tools: Tools, place: Path, rounds: int) -> list[Row]:
    """Both sizes against `dvc add`, with nothing remembered from before."""
    place.mkdir()
    (place / ".gitignore").write_text("/large.csv\n/many\n")
    dvc_repository(tools, place)
    _write_large(place / "large.csv")
    _write_many(place / "many")
    found = []
    for name, pattern, what, most in (
        ("large.csv", "large.csv", "digest of 1 GiB", 1 / 3),
        ("many", "many/**/*.csv", "digest of 10,000 files", 1 / 8),
    ):
        add = f"dvc add {name}"
        ours = Subject(tools.timed("source_digest.py", pattern), place)
        theirs = Subject([str(tools.dvc), "add", name], place, _forgetting(place, name))
        samples = interleaved({what: ours, add: theirs}, rounds)
        command = f"python benchmarks/timed/source_digest.py {pattern}"
        found.append(Pair(samples, what, add).row(what, most, command))
    floor = taken(tools, place, "sha256.py", str(rounds))
    command = f"python benchmarks/timed/sha256.py {rounds}"
    what = "sha256 of 1 GiB in memory"
    return [*found, Row(what, f"{spread(floor, 3)} s", "", "", "", "", None, command)]


def _forgetting(place: Path, name: str) -> Callable[[], None]:
    def forget() -> None:
        for left in (".dvc/cache", ".dvc/tmp", ".dvc/site"):
            shutil.rmtree(place / left, ignore_errors=True)
        (place / f"{name}.dvc").unlink(missing_ok=True)

    return forget


def _write_large(path: Path) -> None:
    block = random.Random(7).randbytes(BLOCK)  # noqa: S311 - only to fill a file
    with path.open("wb") as stream:
        for _ in range(GIB // BLOCK):
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())


def _write_many(folder: Path) -> None:
    draw = random.Random(7)  # noqa: S311 - only to fill files
    for number in range(FILES):
        path = folder / f"{number % 100:02d}" / f"{number}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(draw.randbytes(FILE_BYTES))
