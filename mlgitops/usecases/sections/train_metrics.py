"""train_metrics: points on training rows, to show the gap to the holdout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlgitops.usecases import scoring
from mlgitops.usecases.columns import model_columns
from mlgitops.usecases.measuring import measured

if TYPE_CHECKING:
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.scoring import Rows

_MOST_ROWS = 50_000


def train_metrics(run: RunContext, known: Rows, folder: Path) -> dict[str, float]:
    """Points on at most 50,000 of the training rows, whose answers are *known*."""
    total = len(known.truth)
    chosen = np.zeros(total, dtype=bool)
    chosen[np.linspace(0, total - 1, min(_MOST_ROWS, total)).astype(int)] = True
    table, part = folder / "train-unlabelled.parquet", known.take(chosen)
    train = run.path("split", "train")
    run.neighbours.tables.take(train, chosen, list(model_columns(run)), table)
    model = run.path("train", "model")
    predictions = scoring.predict(run, model, table, part, name="candidate-on-train")
    (predictions,) = measured(run, part, [predictions], folder / "train-scored.parquet")
    return scoring.points(run.pipeline.evaluate.metrics, part, predictions)
