"""Groups of rows compared: the rates of each, and how far the groups are apart.

Every rate is a mean over those rows of the group that it is about. A rate that a
group's rows do not determine is absent. Methods: docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from mlgitops.evaluation import gaps
from mlgitops.evaluation.arrays import Column, Floats, Integers, Mask
from mlgitops.evaluation.formulas import decisions
from mlgitops.evaluation.gaps import Limits
from mlgitops.evaluation.group_means import GroupMean, MeanKind, correlation, mean_of
from mlgitops.evaluation.intervals import ROUNDING, Interval
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.estimates import Direction, Estimate
from mlgitops.model.examinations import Gap


class Compared(NamedTuple):
    """The rates of each group by its name, and the gaps by rate."""

    rates: dict[str, dict[str, Estimate]]
    gaps: dict[str, Gap]


class _Rate(NamedTuple):
    """The mean of *values* over the rows *among*."""

    values: Floats
    among: Mask
    direction: Direction
    kind: MeanKind = "share"


class _Groups(NamedTuple):
    """One rate in the groups that determine it; names and means are aligned."""

    names: tuple[str, ...]
    means: tuple[GroupMean, ...]


def compare(
    groups: Mapping[str, Mask],
    truth: Column,
    predictions: Predictions,
    confidence: float,
    clusters: Integers | None = None,
) -> Compared:
    """Rates of the *groups*, which have no row in common, and the gaps between them.

    *clusters* are codes of rows that belong together. Groups are named by their keys;
    fewer than two that determine a rate have no gap in it.
    """
    rates: dict[str, dict[str, Estimate]] = {name: {} for name in groups}
    found: dict[str, Gap] = {}
    for label, rate in _rates(truth, predictions).items():
        known = _known(groups, rate, clusters, confidence)
        for name, mean in zip(known.names, known.means, strict=True):
            rates[name][label] = _estimate(mean, rate, confidence)
        with suppress(Undefined):
            found[label] = _gap(known, confidence)
    return Compared(rates, found)


def _rates(truth: Column, predictions: Predictions) -> dict[str, _Rate]:
    everything = np.ones(truth.size, np.bool_)
    if predictions.task == "regression":
        with np.errstate(over="ignore"):
            errors = predictions.scores - truth
        return {
            "mae": _Rate(np.abs(errors), everything, "minimize", "amount"),
            "mean_error": _Rate(errors, everything, "minimize", "signed"),
        }
    decided = decisions(predictions)
    accuracy = _Rate((decided == truth).astype(np.float64), everything, "maximize")
    if predictions.task == "multiclass-classification":
        return {"accuracy": accuracy}
    chosen, actual = decided.astype(np.float64), truth.astype(np.float64)
    return {
        "selection_rate": _Rate(chosen, everything, "maximize"),
        "true_positive_rate": _Rate(chosen, truth == 1, "maximize"),
        "false_positive_rate": _Rate(chosen, truth == 0, "minimize"),
        "accuracy": accuracy,
        "precision": _Rate(actual, decided == 1, "maximize"),
    }


def _known(
    groups: Mapping[str, Mask], rate: _Rate, clusters: Integers | None, confidence: float
) -> _Groups:
    """The groups whose rows determine the rate and its interval."""
    means: dict[str, GroupMean] = {}
    for name, mask in groups.items():
        rows = mask & rate.among
        codes = None if clusters is None else clusters[rows]
        try:
            mean = mean_of(rate.values[rows], rate.kind, codes)
            mean.interval(confidence)
        except Undefined:
            continue
        means[name] = mean
    return _Groups(tuple(means), tuple(means.values()))


def _estimate(mean: GroupMean, rate: _Rate, confidence: float) -> Estimate:
    low, high = mean.interval(confidence)
    estimate = Estimate(
        value=mean.value,
        low=low,
        high=high,
        n=mean.n,
        method=mean.method,
        direction=rate.direction,
    )
    if mean.clusters:
        estimate["clusters"] = mean.clusters
    return estimate


def _gap(known: _Groups, confidence: float) -> Gap:
    """Largest against smallest.

    Raises:
        Undefined: fewer than two groups, or numbers that are too large for a gap.
    """
    if len(known.means) < 2:
        raise Undefined("a gap needs two groups")
    plain = _limits(known.means, confidence)
    strict = _limits(known.means, gaps.stricter(confidence, len(known.means)))
    # The last of equal ones, so that the smallest is never the largest as well.
    largest = int(np.argmax(plain.values))
    smallest = len(known.means) - 1 - int(np.argmin(plain.values[::-1]))
    top, bottom = known.means[largest].value, known.means[smallest].value
    together = _correlation(known.means)
    difference = gaps.largest_difference(plain, strict, together).around(top - bottom)
    if not all(map(math.isfinite, (*difference, top - bottom))):
        raise Undefined("the gap is too large to compute")
    gap = Gap(
        largest=known.names[largest],
        smallest=known.names[smallest],
        difference=_between(known.means, top - bottom, difference, "minimize"),
    )
    if top > 0 and known.means[0].kind != "signed":
        ratio = gaps.smallest_ratio(plain, strict, together).around(bottom / top)
        gap["ratio"] = _between(known.means, bottom / top, ratio, "maximize")
    return gap


def _correlation(means: Sequence[GroupMean]) -> Floats:
    """That of the *means*, but for those that seem to be moved as one.

    A few clusters with rows of every group easily do so, and the gap would have no width.
    """
    found = correlation(means)
    return np.where(found < 1 - ROUNDING, found, 0.0)


def _limits(means: Sequence[GroupMean], confidence: float) -> Limits:
    values = np.array([mean.value for mean in means])
    ends = np.array([mean.interval(confidence) for mean in means])
    return Limits(values, ends[:, 0], ends[:, 1])


def _between(
    means: Sequence[GroupMean], value: float, interval: Interval, direction: Direction
) -> Estimate:
    estimate = Estimate(
        value=value,
        low=interval.low,
        high=interval.high,
        n=sum(mean.n for mean in means),
        method=f"mover-{means[0].method}",
        direction=direction,
    )
    codes = [mean.pulls.codes for mean in means if mean.pulls]
    if codes:
        estimate["clusters"] = int(np.unique(np.concatenate(codes)).size)
    return estimate
