"""Curves for plots: few enough points to draw, chosen where the curve moves."""

from __future__ import annotations

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.curves import Point

MAX_POINTS = 200


def roc(truth: Column, scores: Floats) -> list[Point]:
    """(false positive rate, true positive rate) from (0, 0) to (1, 1).

    At most 200 of the thresholds, evenly spaced along the curve.

    Raises:
        Undefined: there is no positive or no negative row.
    """
    hits, misses = _cumulated(truth, scores)
    x, y = np.append(0.0, misses / misses[-1]), np.append(0.0, hits / hits[-1])
    return _thinned(x, y, along=x + y)


def precision_recall(truth: Column, scores: Floats) -> list[Point]:
    """(recall, precision) by rising recall, one point per threshold.

    At most 200 of the thresholds, evenly spaced in recall.

    Raises:
        Undefined: there is no positive or no negative row.
    """
    hits, misses = _cumulated(truth, scores)
    recall = hits / hits[-1]
    return _thinned(recall, hits / (hits + misses), along=recall)


def _cumulated(truth: Column, scores: Floats) -> tuple[Floats, Floats]:
    """Positive and negative rows at or above each distinct score, highest first."""
    order = np.argsort(-scores, kind="stable")
    is_hit = truth[order] == 1
    if is_hit.all() or not is_hit.any():
        raise Undefined("a curve needs rows of both classes")
    is_last = np.append(np.diff(scores[order]) != 0, True)
    hits = np.cumsum(is_hit)[is_last].astype(np.float64)
    return hits, np.flatnonzero(is_last) + 1 - hits


def _thinned(x: Floats, y: Floats, *, along: Floats) -> list[Point]:
    """Points at even steps of the non-decreasing *along*, both ends included."""
    if x.size > MAX_POINTS:
        steps = np.linspace(along[0], along[-1], MAX_POINTS)
        places = np.searchsorted(along, steps)
        places[0], places[-1] = 0, x.size - 1
        kept = np.unique(places)
        x, y = x[kept], y[kept]
    return list(zip(x.tolist(), y.tolist(), strict=True))
