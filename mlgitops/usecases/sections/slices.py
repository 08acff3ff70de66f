"""slices: the candidate on parts of the holdout, by itself and beside the champion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlgitops.evaluation import slices
from mlgitops.model.evidence import SliceRecord
from mlgitops.usecases.scoring import comparisons, estimates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlgitops.evaluation.predictions import Predictions
    from mlgitops.model.pipeline import Evaluate, SliceBy, Task
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.scoring import Rows


def judge_slices(
    run: RunContext,
    columns: Mapping[str, NDArray[Any]],
    rows: Rows,
    candidate: Predictions,
    champion: Predictions | None,
) -> list[SliceRecord]:
    """Every declared slice; one with too few rows or positives is listed without numbers."""
    asked = run.pipeline.evaluate
    return [
        _record(asked, declared, name, rows.take(mask), _models(mask, candidate, champion))
        for declared in asked.slices
        for name, mask in slices.parts(columns, declared)
    ]


def is_judged(declared: SliceBy, rows: Rows, task: Task) -> bool:
    """Whether these rows are as many as *declared* asks for, of either class if there are two."""
    total = len(rows.truth)
    if total < declared.min_rows:
        return False
    return task != "binary-classification" or (
        declared.min_positives <= positives(rows) <= total - declared.min_positives
    )


def positives(rows: Rows) -> int:
    """How many rows of a binary task are positive."""
    return int(rows.truth.sum())


def _models(
    mask: NDArray[np.bool_], candidate: Predictions, champion: Predictions | None
) -> tuple[Predictions, Predictions | None]:
    return candidate.take(mask), champion.take(mask) if champion is not None else None


def _record(
    asked: Evaluate,
    declared: SliceBy,
    name: str,
    rows: Rows,
    models: tuple[Predictions, Predictions | None],
) -> SliceRecord:
    candidate, champion = models
    conditions = (condition.column for condition in declared.where)
    record = SliceRecord(
        name=name,
        by=list(dict.fromkeys((*declared.columns, *conditions))),
        judged=is_judged(declared, rows, candidate.task),
        n=len(rows.truth),
        metrics={},
        comparison={},
    )
    if candidate.task == "binary-classification":
        record["positives"] = positives(rows)
    if record["judged"]:
        record["metrics"] = estimates(asked.metrics, rows, candidate, asked.confidence)
        if champion is not None:
            record["comparison"] = comparisons(
                asked.metrics, rows, candidate, champion, asked.confidence
            )
    return record
