"""Metrics with two-sided intervals, by the method that fits each one.

A metric that the rows do not determine raises `Undefined`: it is absent from the
evidence then, never a stand-in. Methods and sources: docs/statistics.md.
"""

from __future__ import annotations

import math

import numpy as np

from mlgitops.evaluation import areas, bootstrap, intervals, ranking, shares
from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation.arrays import Column, Integers
from mlgitops.evaluation.formulas import (
    AREAS,
    RESAMPLED,
    SHARES,
    count_statistic,
    decisions,
    kinds_of_rows,
    row_statistic,
    row_values,
)
from mlgitops.evaluation.intervals import Interval, Spread
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.samples import Sample
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.estimates import Estimate
from mlgitops.model.metrics import METRICS, MetricKind

__all__ = ["Undefined", "estimate", "kind_for", "point"]

_RANGES = {"log_loss": (0.0, math.inf), "brier": (0.0, 1.0), "mae": (0.0, math.inf)}
_EVERYTHING = (-math.inf, math.inf)


def point(metric: str, truth: Column, predictions: Predictions) -> float:
    """The value alone, without an interval.

    Raises:
        Undefined: the rows do not determine it, or it overflows.
        ValueError: *metric* is not one for the predictions' task.
    """
    kind_for(metric, truth, predictions)
    with np.errstate(over="ignore", invalid="ignore"):
        value = _value(metric, truth, predictions)
    if not math.isfinite(value):
        raise Undefined(f"{metric} is not defined on these {truth.size} rows")
    return value


def estimate(
    metric: str,
    truth: Column,
    predictions: Predictions,
    confidence: float,
    clusters: Integers | None = None,
) -> Estimate:
    """The value of *metric* with its two-sided interval at *confidence*.

    The interval holds the value and does not depend on the order of the rows. With
    *clusters*, a code for each row, rows of one code are not taken to be independent.

    Raises:
        Undefined: the rows do not determine the value or its spread, as rows that are
            all alike do not: an interval without width would say that they are enough.
        ValueError: *metric* is not one for the predictions' task.
    """
    value = point(metric, truth, predictions)
    groups = None if clusters is None else grouped.count(clusters, truth.size)
    sample = Sample(truth, clusters)
    with np.errstate(over="ignore", invalid="ignore"):
        interval, method = _interval(metric, value, sample, predictions, confidence)
    low, high = interval.within(*_RANGES.get(metric, _EVERYTHING)).around(value)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Undefined(f"the spread of {metric} is not defined on these {truth.size} rows")
    found = Estimate(
        value=value,
        low=low,
        high=high,
        n=int(truth.size),
        method=method,
        direction=kind_for(metric, truth, predictions).direction,
    )
    return found if groups is None else {**found, "clusters": groups}


def kind_for(metric: str, truth: Column, predictions: Predictions) -> MetricKind:
    """What *metric* is, of the table or measured, once it fits what it is asked about.

    Raises:
        Undefined: there are no rows.
        ValueError: the metric is not one for the task, or rows are missing.
    """
    kind = METRICS.get(metric)
    measured = predictions.measured.get(metric)
    if kind is None and measured is not None:
        kind = MetricKind(metric, measured.direction, frozenset({predictions.task}))
    if kind is None or predictions.task not in kind.tasks:
        raise ValueError(f"{metric} is not a metric for {predictions.task}")
    if truth.size != len(predictions):
        raise ValueError(f"{len(predictions)} predictions for {truth.size} rows")
    if not truth.size:
        raise Undefined(f"{metric} of no rows")
    return kind


def _value(metric: str, truth: Column, predictions: Predictions) -> float:
    match metric:
        case "roc_auc":
            is_positive = truth == 1
            return float(ranking.placements(is_positive, predictions.scores)[is_positive].mean())
        case "average_precision":
            return ranking.average_precision(truth == 1, predictions.scores)
        case "rmse" | "r2":
            statistic = row_statistic(metric, truth, predictions)
            return float(statistic(np.ones((1, truth.size), np.uint8))[0])
        case "precision" | "recall" | "f1" | "f1_macro":
            (kinds, decided), counts = kinds_of_rows((truth, decisions(predictions)))
            return float(count_statistic(metric, kinds, decided)(counts[None, :])[0])
        case _:
            return float(row_values(metric, truth, predictions).mean())


def _interval(
    metric: str, value: float, sample: Sample, predictions: Predictions, confidence: float
) -> tuple[Interval, str]:
    kind = "" if sample.clusters is None else "cluster-"
    asked = (metric, value, sample, predictions, confidence)
    if metric in AREAS:
        return areas.interval(*asked), f"{kind}{areas.METHODS[metric]}-logit"
    if metric in SHARES:
        return shares.interval(*asked), f"{kind}wilson"
    if metric in RESAMPLED:
        return _resampled(*asked), f"{kind}poisson-bootstrap"
    values = row_values(metric, sample.truth, predictions)
    found = sample.mean(values, confidence, scale=float(np.abs(values).max()))
    return _varying(metric, found), f"{kind}t"


def _resampled(
    metric: str, value: float, sample: Sample, predictions: Predictions, confidence: float
) -> Interval:
    drawn = bootstrap.of_one(metric, sample, predictions)
    found = intervals.percentile_spread(drawn, confidence, abs(value))
    if metric == "f1_macro" and not found.se:
        return shares.macro_f1(sample, predictions, confidence)
    return _varying(metric, found)


def _varying(metric: str, spread: Spread) -> Interval:
    if not spread.se:
        raise Undefined(f"{metric} has no spread: the rows are all alike, or too few")
    return spread.interval
