"""Five steps over 50,000 flights: cold, unchanged, against DVC and one process.

The same five scripts (`scripts/`) run under DVC and in one process. mlgitops runs
its own steps over the example's spec: the same sources, expectations, cut, features,
estimator and metrics, and beyond the scripts intervals, slices, a dummy, leakage and
calibration.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from measure import Subject, interleaved
from table import Pair, Row
from tools import EXAMPLE, HERE, Tools, done, dvc_repository, repository

ROWS = 50_000
_MONTHS = ("1", "2")
# A fit that does not hide everything else, and a gate that lets its model through.
_CHANGES = (("max_iter: 120", "max_iter: 20"), ("min: 0.62", "min: 0.55"))
_RUN = "mlgitops run --until evaluate"
_FULL = "mlgitops run"
_REPRO = "dvc repro"
_ONE = "one process"


def rows(tools: Tools, place: Path, rounds: int) -> list[Row]:
    """First cold, then with nothing changed."""
    data = _flights(tools, place / "flights")
    ours = repository(_copy(data, place / "mlgitops"))
    theirs = dvc_repository(tools, _with_scripts(_copy(data, place / "dvc")))
    alone = _with_scripts(_copy(data, place / "alone"))
    python = {"PYTHON": str(tools.python)}
    run = Subject([tools.mlgitops, "run", "--until", "evaluate"], ours, _removal(ours, ".mlgitops"))
    repro = Subject(
        [str(tools.dvc), "repro"],
        theirs,
        _removal(theirs, "out", "dvc.lock", ".dvc/cache", ".dvc/tmp", ".dvc/site"),
        python,
    )
    script = Subject([str(tools.python), "scripts/one_process.py"], alone, _removal(alone, "out"))
    cold = interleaved({_RUN: run, _REPRO: repro, _ONE: script}, rounds)
    done([tools.mlgitops, "run"], ours)
    warm = interleaved(
        {
            _RUN: Subject(run.command, ours),
            _FULL: Subject([tools.mlgitops, "run"], ours),
            _REPRO: Subject(repro.command, theirs, env=python),
        },
        rounds,
    )
    return [
        Pair(warm, _RUN, _REPRO).row("run, nothing changed, to `evaluate`", 0.2, _RUN),
        Pair(warm, _FULL, _REPRO).row("run, nothing changed, all eight steps", 0.2, _FULL),
        Pair(cold, _RUN, _REPRO).row("run, cold, against the scripts under DVC", 1.0, _RUN),
        Pair(cold, _RUN, _ONE).row("run, cold, against the scripts in one process", 1.25, _RUN),
    ]


def _flights(tools: Tools, place: Path) -> Path:
    """The example with the first 50,000 flights of its year and fewer trees."""
    shutil.copytree(EXAMPLE, place)
    done([str(tools.python), "arrive.py", *_MONTHS], place)
    left = ROWS
    for month in sorted((place / "data/flights").glob("*.csv")):
        with month.open() as lines:
            kept = list(islice(lines, left + 1))
        month.write_text("".join(kept))
        left -= len(kept) - 1
    for spec in (place / "mlops").rglob("*.yaml"):
        text = spec.read_text()
        for before, after in _CHANGES:
            text = text.replace(before, after)
        spec.write_text(text)
    return place


def _copy(source: Path, place: Path) -> Path:
    return Path(shutil.copytree(source, place))


def _with_scripts(place: Path) -> Path:
    shutil.copytree(HERE / "scripts", place / "scripts")
    shutil.move(place / "scripts/dvc.yaml", place / "dvc.yaml")
    (place / ".dvcignore").write_text("__pycache__\n")
    return place


def _removal(place: Path, *names: str) -> Callable[[], None]:
    def remove() -> None:
        for name in names:
            path = place / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    return remove
