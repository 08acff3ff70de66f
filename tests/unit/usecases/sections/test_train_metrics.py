from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlgitops.usecases import scoring
from mlgitops.usecases.sections import train_metrics as section
from tests.fakes.laboratory import Laboratory

pytestmark = pytest.mark.slow


def test_points_are_on_the_training_rows(laboratory: Laboratory, tmp_path: Path) -> None:
    context = laboratory.context()
    known, _ = scoring.answers(context)

    found = section.train_metrics(context, known, tmp_path)

    assert found.keys() == {"roc_auc", "log_loss"}
    predicted = context.neighbours.tables.read(tmp_path / "candidate-on-train.parquet", ["score"])
    ours = np.log(np.where(known.truth == 1, predicted["score"], 1 - predicted["score"]))
    assert found["log_loss"] == pytest.approx(-ours.mean())


def test_of_many_rows_some_are_taken_evenly(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(section, "_MOST_ROWS", 10)
    context = laboratory.context()
    known, _ = scoring.answers(context)

    section.train_metrics(context, known, tmp_path)

    visits = context.neighbours.tables.read(tmp_path / "train-unlabelled.parquet", ["visits"])
    everyone = context.neighbours.tables.read(context.path("split", "train"), ["visits"])
    assert len(visits["visits"]) == 10
    assert visits["visits"][0] == everyone["visits"][0]
    assert visits["visits"][-1] == everyone["visits"][-1]
