"""What each metric is: a mean over rows, or a statistic of weighted rows.

The same formula serves the value (every weight 1) and the bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Integers
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.resampling import Statistic

DECISION_THRESHOLD = 0.5

_SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities are clipped here before the logarithm, as scikit-learn does."""

_ROUNDING = 1e-12
"""A truth that varies by less than this share of its squares does not vary."""


def row_values(metric: str, truth: Column, predictions: Predictions) -> Floats:
    """The numbers whose mean is *metric*: log_loss, brier, accuracy or mae."""
    match metric:
        case "log_loss":
            likelihood = np.clip(_probability_of_truth(truth, predictions), _SMALLEST, None)
            return np.asarray(-np.log(likelihood))
        case "brier":
            return np.asarray(np.square(predictions.scores - truth))
        case "accuracy":
            return np.asarray(decisions(predictions) == truth, np.float64)
        case "mae":
            return np.abs(predictions.scores - truth)
        case _:
            raise ValueError(f"{metric} is not a mean over rows")


def row_statistic(metric: str, truth: Column, predictions: Predictions) -> Statistic:
    """The metric rmse or r2 as a statistic of row weights."""
    truth, predicted = truth.astype(np.float64), predictions.scores
    centered = truth - truth.mean()
    columns = (np.ones(truth.size), np.square(predicted - truth), centered, np.square(centered))
    moments = np.stack(columns, axis=1)

    def statistic(weights: Column) -> Floats:
        count, squares, linear, total = (weights.astype(np.float64) @ moments).T
        if metric == "rmse":
            return np.sqrt(_ratio(squares, count))
        spread = total - _ratio(np.square(linear), count)
        return 1 - _ratio(squares, np.where(spread > _ROUNDING * total, spread, 0))

    return statistic


def count_statistic(metric: str, truth: Integers, decided: Integers) -> Statistic:
    """precision, recall, f1 or f1_macro as a statistic of row weights.

    NaN where a share has no rows to be a share of; the macro mean leaves out
    classes that stand neither in *truth* nor in *decided*.
    """
    labels = np.union1d(truth, decided) if metric == "f1_macro" else np.array([1])
    is_true, is_decided = truth[:, None] == labels, decided[:, None] == labels
    hits, trues, decideds = (
        table.astype(np.float64) for table in (is_true & is_decided, is_true, is_decided)
    )

    def statistic(weights: Column) -> Floats:
        w = weights.astype(np.float64)
        true, found = w @ trues, w @ decideds
        below = {"precision": 2 * found, "recall": 2 * true}.get(metric, true + found)
        shares = _ratio(2 * (w @ hits), below)
        present = ~np.isnan(shares)
        return _ratio(np.where(present, shares, 0).sum(axis=1), present.sum(axis=1))

    return statistic


def decisions(predictions: Predictions) -> Integers:
    """Binary: 1 from a probability of 0.5 on; multiclass: the likeliest class's code."""
    if predictions.scores.ndim == 1:
        return np.asarray(predictions.scores >= DECISION_THRESHOLD, np.int64)
    return np.asarray(predictions.scores.argmax(axis=1), np.int64)


def kinds_of_rows(columns: Sequence[Integers]) -> tuple[list[Integers], Integers]:
    """Distinct rows over *columns* of codes, as columns again, and how often each occurs."""
    width = 1 + max(int(column.max()) for column in columns)
    keys = np.zeros(columns[0].size, np.int64)
    for column in columns:
        keys = keys * width + column
    _, places, counts = np.unique(keys, return_index=True, return_counts=True)
    return [column[places] for column in columns], counts


def _probability_of_truth(truth: Column, predictions: Predictions) -> Floats:
    scores = predictions.scores
    if scores.ndim == 1:
        return np.where(truth == 1, scores, 1 - scores)
    return scores[np.arange(truth.size), truth.astype(np.int64)]


def _ratio(above: Column, below: Column) -> Floats:
    """*above* / *below*, and NaN where there is nothing to divide by."""
    ratios: Floats = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
    return ratios
