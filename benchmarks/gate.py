"""The gate: its statistics, its policies, and making a candidate a version.

Timed inside one process each, without its imports: `timed/` says what is in it.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from measure import spread
from table import Row, seconds_row
from tools import Tools, taken

_AS_SLOW = 2  # rounds of what takes seconds


def rows(tools: Tools, place: Path, rounds: int) -> list[Row]:
    """All of it."""
    place.mkdir()
    return [
        *_statistics(tools, place, rounds),
        *_policies(tools, place, rounds),
        _registering(tools, place, rounds),
    ]


def _statistics(tools: Tools, place: Path, rounds: int) -> list[Row]:
    program = "gate_statistics.py"
    ours = taken(tools, place, program, "ours", str(rounds))
    loop = taken(tools, place, program, "sklearn", str(_AS_SLOW))
    what = "a gate's statistics, 100,000 rows, 20 slices"
    against = "a loop of scikit-learn's metrics, scaled to as many resamples"
    return [
        seconds_row(what, ours, 2.0, _shown(program, "ours", rounds)),
        _compared(what, ours, against, loop, 1 / 50, _shown(program, "sklearn", _AS_SLOW)),
    ]


def _policies(tools: Tools, place: Path, rounds: int) -> list[Row]:
    return [
        seconds_row(
            f"30 policies x 50 slices, {kind}",
            taken(tools, place, "policies.py", kind, str(rounds)),
            most_s,
            _shown("policies.py", kind, rounds),
        )
        for kind, most_s in (("cold", 0.5), ("warm", 0.01))
    ]


def _registering(tools: Tools, place: Path, rounds: int) -> Row:
    program = "registering.py"
    ours = taken(tools, place, program, "ours", str(rounds))
    default = taken(tools, place, program, "log_model", str(_AS_SLOW))
    what = "registering a candidate on SQLite"
    return _compared(
        what, ours, "`log_model` by default", default, 1 / 40, _shown(program, "ours", rounds)
    )


def _compared(
    what: str, ours: list[float], against: str, theirs: list[float], most: float, command: str
) -> Row:
    ratio = statistics.median(ours) / statistics.median(theirs)
    return Row(
        what=what,
        ours=f"{spread(ours, 3)} s",
        against=f"{against}: {spread(theirs, 1)} s",
        ratio=f"{ratio:.2g}",
        cpu_ratio="",
        budget=f"≤ {most:.3g} x",
        met=ratio <= most,
        command=command,
    )


def _shown(program: str, work: str, rounds: int) -> str:
    return f"python benchmarks/timed/{program} {work} {rounds}"
