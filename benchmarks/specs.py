"""`check` on 1,000 files, against merely parsing them with PyYAML's C parser."""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import Subject, interleaved, values
from table import Pair, Row, seconds_row
from tools import EXAMPLE, Tools, repository

PAIRS = 498  # of a dataset and a pipeline: 1,001 files with the example's own five
_PARSE = "yaml.load(…, CSafeLoader) of the same files"


def rows(tools: Tools, place: Path, rounds: int) -> list[Row]:
    """A repository of many models, each with its dataset; nothing is remembered of it."""
    repository(_many_models(place))
    check = Subject([tools.mlgitops, "check"], place)
    parse = Subject(tools.timed("parse_specs.py"), place)
    samples = interleaved({"check": check, _PARSE: parse}, rounds)
    what = "`check`, 1,000 spec files"
    return [
        seconds_row(what, values(samples["check"], "wall_s"), 2.0, "mlgitops check"),
        Pair(samples, "check", _PARSE).row(what, 2.0, "mlgitops check"),
    ]


def _many_models(place: Path) -> Path:
    shutil.copytree(EXAMPLE, place)
    dataset, pipeline = (
        place / "mlops/datasets/flights.yaml",
        place / "mlops/pipelines/flights-delay.yaml",
    )
    for number in range(PAIRS):
        name = f"flights-{number:03d}"
        (dataset.parent / f"{name}.yaml").write_text(
            dataset.read_text().replace("{name: flights,", f"{{name: {name},")
        )
        (pipeline.parent / f"{name}.yaml").write_text(
            pipeline.read_text()
            .replace("  name: flights-delay\n", f"  name: {name}\n")
            .replace("dataset: flights,", f"dataset: {name},")
        )
    return place
