"""What it takes to start: no verb of ours should feel slower than DVC's version."""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import Subject, interleaved
from table import Pair, Row
from tools import EXAMPLE, Tools, repository

DVC = "dvc --version"


def rows(tools: Tools, place: Path, rounds: int) -> list[Row]:
    """`--version`, `--help` and `check` against `dvc --version`."""
    example = repository(Path(shutil.copytree(EXAMPLE, place)))
    words = {"--version": 0.5, "--help": 0.5, "check": None}
    subjects = {word: Subject([tools.mlgitops, word], example) for word in words}
    subjects[DVC] = Subject([str(tools.dvc), "--version"], example)
    samples = interleaved(subjects, rounds)
    return [
        Pair(samples, word, DVC).row(f"`mlgitops {word}`", most, f"mlgitops {word}")
        for word, most in words.items()
    ]
