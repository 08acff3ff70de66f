"""Measure the budgets and write `results.md`: see README.md."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import gate
import hashing
import pipeline
import specs
import startup
from table import Row, installed, page
from tools import HERE, Tools

Family = Callable[[Tools, Path, int], list[Row]]

FAMILIES: dict[str, Family] = {
    "startup": startup.rows,
    "pipeline": pipeline.rows,
    "hashing": hashing.rows,
    "specs": specs.rows,
    "gate": gate.rows,
}
# More turns where one takes a moment, since a moment varies more.
_TURNS = {"startup": 4, "specs": 1, "hashing": 1, "pipeline": 1, "gate": 1}
_NAMED = ("mlgitops", "mlflow", "great-expectations", "scikit-learn", "pandas", "pyarrow")


def main() -> None:
    """Parse the command line, run the families, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dvc", type=Path, required=True, help="the dvc program, in its own venv")
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="one that has mlgitops[demo]"
    )
    parser.add_argument("--rounds", type=int, default=5, help="measured turns (default: 5)")
    parser.add_argument("--only", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--out", type=Path, default=HERE / "results.md")
    asked = parser.parse_args()
    tools = Tools(asked.python.absolute(), asked.dvc.absolute())
    versions = {
        "Python": sys.version.partition(" ")[0],
        **installed(tools.python, _NAMED),
        **installed(tools.dvc.with_name("python"), ("dvc",)),
    }
    load, rows = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory(prefix="mlgitops-benchmarks-") as folder:
        for name in asked.only:
            place = Path(folder, name)
            place.mkdir()
            rows += FAMILIES[name](tools, place / "work", asked.rounds * _TURNS[name])
            # After each, so that a later one that fails takes nothing away.
            asked.out.write_text(page(rows, shlex.join(["python", *sys.argv]), versions, load))


if __name__ == "__main__":
    main()
