"""slices: the candidate on parts of the holdout, by itself and beside the champion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlgitops.evaluation import slices
from mlgitops.evaluation.samples import Sample
from mlgitops.model.evidence import Lack, SliceRecord
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


def lacking(declared: SliceBy, rows: Rows, task: Task) -> Lack | None:
    """What there are fewer of than *declared* asks for; None: the rows can be judged.

    Positives and negatives count as far as they are independent: clusters of them.
    """
    if len(rows.truth) < declared.min_rows:
        return "rows"
    if task != "binary-classification":
        return None
    sample = Sample(rows.truth, rows.clusters)
    classes: tuple[tuple[Lack, int], ...] = (("positives", 1), ("negatives", 0))
    for name, code in classes:
        if sample.units(rows.truth == code) < declared.min_positives:
            return name
    return None


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
    lack = lacking(declared, rows, candidate.task)
    record = SliceRecord(
        name=name,
        by=list(dict.fromkeys((*declared.columns, *conditions))),
        judged=lack is None,
        n=len(rows.truth),
        metrics={},
        comparison={},
    )
    if candidate.task == "binary-classification":
        record["positives"] = positives(rows)
    if lack is not None:
        record["lacks"] = lack
    else:
        record["metrics"] = estimates(asked.metrics, rows, candidate, asked.confidence)
        if champion is not None:
            record["comparison"] = comparisons(
                asked.metrics, rows, candidate, champion, asked.confidence
            )
    return record
