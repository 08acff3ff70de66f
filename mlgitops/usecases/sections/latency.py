"""latency: how long the candidate takes for one row, where it was judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlgitops.model.errors import SpecError
from mlgitops.model.examinations import Latency
from mlgitops.usecases.columns import model_columns

if TYPE_CHECKING:
    from mlgitops.usecases.context import RunContext

_ROWS = 1_000


def latency(run: RunContext, folder: Path) -> Latency | None:
    """Times of as many single-row predictions as the pipeline asks for; None for none.

    The rows come from the whole holdout, at most a thousand of them, in turn.

    Raises:
        SpecError: the model cannot predict a single row, or the answer lacks times.
    """
    calls = run.pipeline.evaluate.latency_calls
    if not calls:
        return None
    total = run.json("split", "split")["holdout"]["rows"]
    chosen = np.zeros(total, dtype=bool)
    chosen[np.linspace(0, total - 1, min(_ROWS, total)).astype(int)] = True
    table = folder / "timed.parquet"
    holdout, columns = run.path("split", "holdout"), list(model_columns(run))
    run.neighbours.tables.take(holdout, chosen, columns, table)
    answer = run.run_job(
        "predict",
        {
            "model": str(run.path("train", "model")),
            "table": str(table),
            "task": run.pipeline.task,
            "positive": run.pipeline.positive,
            "latency_calls": calls,
            "out": str(folder / "timed-predictions.parquet"),
        },
    )
    milliseconds = answer.get("milliseconds", [])
    if len(milliseconds) != calls:
        raise SpecError(f"the candidate was timed {len(milliseconds)} times instead of {calls}")
    middle, slow = np.percentile(milliseconds, [50, 95])
    return Latency(calls=calls, p50_ms=float(middle), p95_ms=float(slow))
