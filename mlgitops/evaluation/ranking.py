"""Metrics of a ranking of positive and negative rows, and how far each row moves them.

Everything here sorts once, so it is O(n log n). Sources: docs/statistics.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Integers, Mask
from mlgitops.evaluation.undefined import Undefined


def midranks(values: Column) -> Floats:
    """Ranks from 1; equal values share the mean of their ranks."""
    order = np.argsort(values, kind="stable")
    starts, group = _ties(values[order])
    ends = np.append(starts[1:], values.size)
    ranks = np.empty(values.size)
    ranks[order] = ((starts + ends + 1) / 2)[group]
    return ranks


def placements(is_positive: Mask, scores: Floats) -> Floats:
    """For each row the share of the other class that it is ranked right against.

    The mean over the positive rows, and that over the negative ones, is the AUC.
    Tied scores count half. These are the structural components V10 and V01 of
    DeLong et al. (1988).

    Raises:
        Undefined: there is no positive or no negative row.
    """
    positives, negatives = _classes(is_positive)
    order = np.argsort(scores, kind="stable")
    hits = is_positive[order]
    starts, group = _ties(scores[order])
    sizes = np.diff(np.append(starts, scores.size))
    tied_hits = np.add.reduceat(hits, starts, dtype=np.int64)
    tied_misses = sizes - tied_hits
    misses_below = np.cumsum(tied_misses) - tied_misses / 2
    hits_above = positives - np.cumsum(tied_hits) + tied_hits / 2
    found = np.empty(scores.size)
    of_hits, of_misses = misses_below / negatives, hits_above / positives
    found[order] = np.where(hits, of_hits[group], of_misses[group])
    return found


def area(is_positive: Mask, ranks: Floats) -> float:
    """The AUC of a column with these `midranks` (Mann-Whitney).

    Raises:
        Undefined: there is no positive or no negative row.
    """
    positives, negatives = _classes(is_positive)
    wins = float(ranks[is_positive].sum()) - positives * (positives + 1) / 2
    return wins / positives / negatives


def average_precision(is_positive: Mask, scores: Floats) -> float:
    """Mean over the positive rows of the precision at their score; ties are one threshold.

    Raises:
        Undefined: there is no positive or no negative row.
    """
    found = _thresholds(is_positive, scores)
    return float(found.hits @ found.precision) / int(found.hits.sum())


def influence(metric: str, is_positive: Mask, scores: Floats) -> Floats:
    """How far each row moves roc_auc or average_precision, to first order.

    The sum of their squares is the metric's variance: DeLong's for roc_auc, the
    infinitesimal jackknife's for average_precision. What rows do to the difference of two models
    is the difference of their influences, which pairs the models.

    Raises:
        Undefined: fewer than two rows of a class.
    """
    if min(_classes(is_positive)) < 2:
        raise Undefined("the spread of a ranking needs two rows of each class")
    if metric == "average_precision":
        return _precision_influence(is_positive, scores)
    components = placements(is_positive, scores)
    found = np.empty(scores.size)
    for side in (is_positive, ~is_positive):
        share, count = components[side], int(np.count_nonzero(side))
        found[side] = (share - share.mean()) / math.sqrt(count * (count - 1))
    return found


def _precision_influence(is_positive: Mask, scores: Floats) -> Floats:
    """The derivative of average precision by each row's weight.

    A row bears on its own precision, and on that of every positive row at its score
    or below, whose rank it shares in.
    """
    order, group, hits, sizes, precision = _thresholds(is_positive, scores)
    positives = int(hits.sum())
    value = float(hits @ precision) / positives
    ranked = np.cumsum(sizes)
    gained = np.cumsum((hits / ranked)[::-1])[::-1]
    lost = np.cumsum((hits * precision / ranked)[::-1])[::-1]
    moved = np.empty(scores.size)
    moved[order] = is_positive[order] * (precision - value + gained)[group] - lost[group]
    return moved / positives * math.sqrt(scores.size / (scores.size - 1))


class _Thresholds(NamedTuple):
    """The distinct scores from the highest down; *group* has the one of each sorted row."""

    order: Integers
    group: Integers
    hits: Integers
    sizes: Integers
    precision: Floats


def _thresholds(is_positive: Mask, scores: Floats) -> _Thresholds:
    _classes(is_positive)
    order = np.argsort(-scores, kind="stable")
    starts, group = _ties(scores[order])
    sizes = np.diff(np.append(starts, scores.size))
    hits = np.add.reduceat(is_positive[order], starts, dtype=np.int64)
    return _Thresholds(order, group, hits, sizes, np.cumsum(hits) / np.cumsum(sizes))


def _classes(is_positive: Mask) -> tuple[int, int]:
    """How many rows are positive, and how many are not; both at least one."""
    positives = int(np.count_nonzero(is_positive))
    negatives = is_positive.size - positives
    if not positives or not negatives:
        raise Undefined("ranking needs rows of both classes")
    return positives, negatives


def _ties(ordered: Column) -> tuple[Column, Column]:
    """Where each group of equal values starts, and the group of each place."""
    is_new = np.ones(ordered.size, np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(is_new), np.cumsum(is_new) - 1
