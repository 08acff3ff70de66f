"""The decisions made on this machine: `.mlgitops/decisions/<model>.jsonl`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from io import FileIO
from pathlib import Path

from mlgitops import folders
from mlgitops.model.decision_log import split
from mlgitops.model.errors import Unavailable


class LocalDecisionLog:
    """A `DecisionLog` in the folder *base*, which is ours."""

    def __init__(self, base: Path) -> None:
        self._base = base

    def models(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in (self._base / "decisions").glob("*.jsonl")))

    def lines(self, model: str) -> tuple[str, ...]:
        try:
            return _lines(self._path(model).read_bytes())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unreadable(self._path(model), error) from error

    def append(self, model: str, made: Callable[[Sequence[str]], str]) -> None:
        path = self._path(model)
        folders.hide_from_git(self._base)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # No buffer: closing the file would write again what the disk has refused.
            with path.open("a+b", buffering=0) as file:
                # Two runs may decide at once; the lock goes with the file.
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                line = made(_lines(file.readall()))
                _add(file, line.encode() + b"\n")
        except OSError as error:
            raise folders.disk_error(path, error) from error

    def _path(self, model: str) -> Path:
        return self._base / "decisions" / f"{model}.jsonl"


def _add(file: FileIO, content: bytes) -> None:
    """Write *content* at the end of *file*, all of it or nothing."""
    before = file.seek(0, os.SEEK_END)
    try:
        remaining = memoryview(content)
        while remaining:
            remaining = remaining[file.write(remaining) :]
        os.fsync(file.fileno())
    except OSError:
        # Half a line would be taken for one that somebody changed.
        file.truncate(before)
        raise


def _lines(content: bytes) -> tuple[str, ...]:
    return split(content.decode(errors="replace"))


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"cannot read {path}: {error.strerror or error}",
        hint="check the file's permissions, then run the same command again",
    )
