"""What each metric is: a mean over rows, or a statistic of weighted rows.

The same formula serves the value (every weight 1) and the bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Integers, Mask
from mlgitops.evaluation.clusters import totals
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.resampling import Statistic
from mlgitops.model.metrics import METRICS

AREAS = ("roc_auc", "average_precision")
SHARES = ("accuracy", "precision", "recall", "f1")
RESAMPLED = ("f1_macro", "rmse", "r2")
"""The metrics by the way that their spread is found; all others are means over rows."""

DECISION_THRESHOLD = 0.5

_SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities are clipped here before the logarithm, as scikit-learn does."""

_ROUNDING = 1e-12
"""A truth that varies by less than this share of its squares does not vary."""


def row_values(metric: str, truth: Column, predictions: Predictions) -> Floats:
    """The numbers whose mean is *metric*: log_loss, brier, accuracy, mae or a measured one."""
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
        case _ if metric in predictions.measured and metric not in METRICS:
            return predictions.measured[metric].values
        case _:
            raise ValueError(f"{metric} is not a mean over rows")


def row_influence(metric: str, truth: Column, predictions: Predictions) -> Floats:
    """How far each row moves a mean or one of `SHARES`, to first order.

    Both are a ratio of sums, R = Σ above / Σ below, which row i moves by
    (above_i - R below_i) / Σ below. The ratio has to be defined.
    """
    if metric not in SHARES or metric == "accuracy":
        values = row_values(metric, truth, predictions)
        return np.asarray((values - values.mean()) / values.size)
    is_true, is_decided = truth == 1, decisions(predictions) == 1
    above = (is_true & is_decided).astype(np.float64)
    below = rows_of_share(metric, truth, predictions).astype(np.float64)
    if metric == "f1":
        above, below = 2 * above, below + above
    return np.asarray((above - above.sum() / below.sum() * below) / below.sum())


def rows_of_share(metric: str, truth: Column, predictions: Predictions) -> Mask:
    """The rows that one of `SHARES` is a share of; for f1 those of Jaccard's index."""
    is_true = np.asarray(truth == 1, np.bool_)
    is_decided = np.asarray(decisions(predictions) == 1, np.bool_)
    match metric:
        case "accuracy":
            return np.ones(truth.size, np.bool_)
        case "precision":
            return is_decided
        case "recall":
            return is_true
        case _:
            return is_true | is_decided


def row_statistic(
    metric: str, truth: Column, predictions: Predictions, clusters: Integers | None = None
) -> Statistic:
    """The metric rmse or r2 as a statistic of the weights of rows, or of *clusters*."""
    truth, predicted = truth.astype(np.float64), predictions.scores
    centered = truth - truth.mean()
    columns = (np.ones(truth.size), np.square(predicted - truth), centered, np.square(centered))
    moments = np.stack(columns, axis=1)
    if clusters is not None:
        moments = totals(moments, clusters)

    def statistic(weights: Column) -> Floats:
        count, squares, linear, total = (weights.astype(np.float64) @ moments).T
        if metric == "rmse":
            return np.sqrt(_ratio(squares, count))
        spread = total - _ratio(np.square(linear), count)
        return 1 - _ratio(squares, np.where(spread > _ROUNDING * total, spread, 0))

    return statistic


def count_statistic(
    metric: str, truth: Integers, decided: Integers, clusters: Integers | None = None
) -> Statistic:
    """precision, recall, f1 or f1_macro as a statistic of the weights of rows, or of *clusters*.

    NaN where a share has no rows to be a share of; the macro mean leaves out
    classes that stand neither in *truth* nor in *decided*.
    """
    labels = np.union1d(truth, decided) if metric == "f1_macro" else np.array([1])
    is_true, is_decided = truth[:, None] == labels, decided[:, None] == labels
    hits, trues, decideds = (
        table.astype(np.float64) for table in (is_true & is_decided, is_true, is_decided)
    )
    if clusters is not None:
        hits, trues, decideds = (totals(table, clusters) for table in (hits, trues, decideds))

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
