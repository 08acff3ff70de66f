"""The decisions made on this machine: `.mlgitops/decisions/<model>.jsonl`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
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
            with path.open("a+b") as file:
                # Two runs may decide at once; the lock goes with the file.
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                line = made(_lines(file.read()))
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise folders.disk_error(path, error) from error

    def _path(self, model: str) -> Path:
        return self._base / "decisions" / f"{model}.jsonl"


def _lines(content: bytes) -> tuple[str, ...]:
    return split(content.decode(errors="replace"))


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"cannot read {path}: {error.strerror or error}",
        hint="check the file's permissions, then run the same command again",
    )
