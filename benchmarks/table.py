"""One row for each budget, and the page that holds them."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from measure import Samples, ratios, spread, values

_HEAD = """\
# Benchmarks: results

Made by `{command}`; how to read it: README.md. {when}.

Machine: {cores} cores ({cpu}), {memory:.0f} GiB, {system};
load average {load:.1f} at the start, {after:.1f} at the end.
Versions: {versions}.

| what | mlgitops | against | ratio, wall | ratio, cpu | budget | met | command |
|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One budget. *met* is None for a figure that has none."""

    what: str
    ours: str
    against: str
    ratio: str
    cpu_ratio: str
    budget: str
    met: bool | None
    command: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two subjects of one interleaved run: ours, and what it is held against."""

    samples: Samples
    ours: str
    theirs: str

    def row(self, what: str, most: float | None, command: str) -> Row:
        """The row: met if the median of the paired wall ratios is at most *most*."""
        wall = ratios(self.samples, self.ours, self.theirs, "wall_s")
        cpu = ratios(self.samples, self.ours, self.theirs, "cpu_s")
        return Row(
            what,
            _figures(self.samples, self.ours),
            f"{self.theirs}: {_figures(self.samples, self.theirs)}",
            spread(wall),
            spread(cpu),
            "" if most is None else f"≤ {most:.3g} x",
            None if most is None else statistics.median(wall) <= most,
            command,
        )


def seconds_row(what: str, taken_s: Sequence[float], most_s: float, command: str) -> Row:
    """A row whose budget is a time: met if the median is at most *most_s*."""
    met = statistics.median(taken_s) <= most_s
    return Row(what, f"{spread(taken_s, 3)} s", "", "", "", f"≤ {most_s:g} s", met, command)


def page(rows: Iterable[Row], command: str, versions: Mapping[str, str], load_before: float) -> str:
    """The whole page."""
    head = _HEAD.format(
        command=command,
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",  # noqa: TID251 - says when it was measured
        cores=os.cpu_count(),
        cpu=_cpu(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        system=platform.system(),
        load=load_before,
        after=os.getloadavg()[0],
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
    )
    return head + "".join(_line(row) for row in rows)


def installed(python: Path, packages: Sequence[str]) -> dict[str, str]:
    """Versions of *packages* where *python* finds them."""
    program = (
        "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    )
    found = subprocess.run(
        [python, "-c", program, *packages], check=True, capture_output=True, text=True
    )
    return dict(zip(packages, found.stdout.split(), strict=True))


def _figures(samples: Samples, name: str) -> str:
    wall, peak = values(samples[name], "wall_s"), values(samples[name], "peak_mib")
    digits = 3 if statistics.median(wall) < 1 else 2
    return f"{spread(wall, digits)} s, {max(peak):.0f} MiB"


def _line(row: Row) -> str:
    met = {None: "", True: "yes", False: "**no**"}[row.met]
    cells = (row.what, row.ours, row.against, row.ratio, row.cpu_ratio, row.budget, met)
    return f"| {' | '.join(cells)} | `{row.command}` |\n"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
