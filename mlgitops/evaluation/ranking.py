"""Ranks with ties, and what the area under the ROC curve is made of.

Everything here sorts once, so it is O(n log n); tied scores count half.
"""

from __future__ import annotations

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Mask
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
    These are the structural components V10 and V01 of DeLong et al. (1988).

    Raises:
        Undefined: there is no positive or no negative row.
    """
    positives = int(np.count_nonzero(is_positive))
    negatives = is_positive.size - positives
    if not positives or not negatives:
        raise Undefined("ranking needs rows of both classes")
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
    positives = int(np.count_nonzero(is_positive))
    negatives = is_positive.size - positives
    if not positives or not negatives:
        raise Undefined("ranking needs rows of both classes")
    wins = float(ranks[is_positive].sum()) - positives * (positives + 1) / 2
    return wins / positives / negatives


def delong_variance(is_positive: Mask, components: Floats) -> float:
    """Variance of an AUC, given its placements; of a difference, given theirs.

    A contrast of two AUCs has the placements' differences as its components, which
    gives the same number as DeLong's covariance matrix without building it.

    Raises:
        Undefined: fewer than two rows of a class.
    """
    of_hits, of_misses = components[is_positive], components[~is_positive]
    if min(of_hits.size, of_misses.size) < 2:
        raise Undefined("the variance of an AUC needs two rows of each class")
    return float(of_hits.var(ddof=1) / of_hits.size + of_misses.var(ddof=1) / of_misses.size)


def _ties(ordered: Column) -> tuple[Column, Column]:
    """Where each group of equal values starts, and the group of each place."""
    is_new = np.ones(ordered.size, np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(is_new), np.cumsum(is_new) - 1
