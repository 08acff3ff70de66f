"""Measures whole processes, interleaved: wall time, processor time and peak memory.

Standard library only: a child's peak memory can never read below that of the
process which started it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

Quantity = Literal["wall_s", "cpu_s", "peak_mib"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One process: *cpu_s* is user and system time of it and of all that it waited for.

    *peak_mib* is that of the largest process among them.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Subject:
    """A command; *before* makes ready what it works on, and is not measured."""

    command: Sequence[str]
    cwd: Path
    before: Callable[[], None] | None = None
    env: Mapping[str, str] = field(default_factory=dict)


Samples = Mapping[str, Sequence[Sample]]


def interleaved(subjects: Mapping[str, Subject], rounds: int) -> Samples:
    """Run every subject once unmeasured, then *rounds* times, taking turns."""
    taken: dict[str, list[Sample]] = {name: [] for name in subjects}
    names = list(subjects)
    for turn in range(rounds + 1):
        # Each goes first in its turn, so that none always follows the same one.
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            print(f"{name} {turn}/{rounds}", file=sys.stderr)
            sample = once(subjects[name])
            if turn:
                taken[name].append(sample)
    return taken


def once(subject: Subject) -> Sample:
    """Run *subject* to its end.

    Raises:
        RuntimeError: it failed.
    """
    if subject.before:
        subject.before()
    env = {**environment(), **subject.env}
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        child = subprocess.Popen(
            subject.command, cwd=subject.cwd, env=env, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            command, reason = " ".join(subject.command), said.read().decode(errors="replace")
            raise RuntimeError(f"{command} ended with {child.returncode}:\n{reason}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def environment() -> dict[str, str]:
    """What every subject runs in: bytecode is kept, and nobody calls home."""
    given = os.environ  # noqa: TID251 - handed on, not read
    inherited = {name: value for name, value in given.items() if name != _NO_BYTECODE}
    return inherited | {
        "DVC_NO_ANALYTICS": "1",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def spread(values: Sequence[float], digits: int = 2) -> str:
    """`median [least..most]`."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} [{least:.{digits}f}..{most:.{digits}f}]"


def values(samples: Sequence[Sample], quantity: Quantity) -> list[float]:
    """One quantity of all samples."""
    return [getattr(sample, quantity) for sample in samples]


def ratios(samples: Samples, ours: str, theirs: str, quantity: Quantity) -> list[float]:
    """*ours* divided by *theirs*, turn by turn."""
    pairs = zip(values(samples[ours], quantity), values(samples[theirs], quantity), strict=True)
    return [one / other for one, other in pairs]
