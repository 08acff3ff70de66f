"""Signs that a candidate knew the answers beforehand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mlgitops.evaluation.arrays import Column, Floats, Integers, Mask, coded, nulls
from mlgitops.evaluation.ranking import area, midranks
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.pipeline import Task

_SEED = 20_130_101
_FEWEST_OF_CLASS = 10


def feature_auc(values: Column, truth: Column, task: Task) -> float | None:
    """How well one column alone ranks the label: 0.5 not at all, 1 perfectly.

    Numbers and times: the AUC of the values in either direction, nulls as one group
    below or above all others, whichever ranks better. Other types: categories
    ranked by their mean label on one half of the rows and judged on the other, both
    ways round and averaged, since on the same rows every unique key looks guilty.

    Multiclass: the largest over one class against the rest; classes of fewer than
    ten rows are left out unless all are. Regression: 0.5 + |Spearman's rho| / 2, which
    is on the same scale. None if there is one class, one label value or no row.
    """
    targets = _targets(truth, task)
    strength = _correlation if task == "regression" else _separation
    if values.dtype.kind in "biufmM":
        ranks = _ranks(values)
        found = [_in_place(ranks, target, strength) for target in targets]
    else:
        codes, names = coded(values)
        codes[codes < 0] = len(names)
        found = [_held_out(codes, target, strength) for target in targets]
    return max((value for value in found if value is not None), default=None)


def duplicate_rows(train: NDArray[np.uint64], holdout: NDArray[np.uint64]) -> int:
    """How many holdout rows have a hash that also stands in train."""
    return int(np.count_nonzero(np.isin(holdout, train)))


def shared_rows(train: Column, holdout: Column) -> int:
    """How many distinct row numbers (or hashes) stand on both sides of a split."""
    return int(np.intersect1d(train, holdout).size)


def look_ahead(values: Column, moments: Column) -> int:
    """How many rows have a time of *values* that lies after the row's own moment."""
    return int(np.count_nonzero(values > moments))


def shared_groups(groups: Column, held_out: Mask) -> int:
    """How many distinct values have rows on both sides; null is no group."""
    codes, _ = coded(groups)
    is_known = codes >= 0
    return int(np.intersect1d(codes[is_known & ~held_out], codes[is_known & held_out]).size)


def early_rows(moments: Column, held_out: Mask) -> int:
    """How many rows held out are older than the newest of the others."""
    seen = moments[~held_out]
    seen = seen[~np.isnat(seen)]
    return int(np.count_nonzero(moments[held_out] < seen.max())) if seen.size else 0


Strength = Callable[[Floats, Column], float]
"""Ranks and target to -1..1; raises `Undefined` when there is nothing to rank."""


def _targets(truth: Column, task: Task) -> list[Column]:
    if task == "regression":
        return [truth.astype(np.float64)]
    if task == "binary-classification":
        return [truth == 1]
    labels, counts = np.unique(truth, return_counts=True)
    common = labels[counts >= _FEWEST_OF_CLASS]
    return [truth == label for label in (common if common.size else labels)]


def _ranks(values: Column) -> list[Floats]:
    """Ranks with the nulls below everything, and above if there are nulls."""
    missing = nulls(values)
    if values.dtype.kind in "mM":
        values = values.astype(np.int64)
    numbers = values.astype(np.float64)
    if not missing.any():
        return [midranks(numbers)]
    return [midranks(np.where(missing, end, numbers)) for end in (-np.inf, np.inf)]


def _in_place(ranks: list[Floats], target: Column, strength: Strength) -> float | None:
    try:
        return 0.5 + max(abs(strength(one, target)) for one in ranks) / 2
    except Undefined:
        return None


def _held_out(codes: Integers, target: Column, strength: Strength) -> float | None:
    order = np.random.Generator(np.random.PCG64(_SEED)).permutation(codes.size)
    is_first = np.zeros(codes.size, np.bool_)
    is_first[order[: codes.size // 2]] = True
    found = []
    for learn in (is_first, ~is_first):
        try:
            scores = _target_means(codes, target.astype(np.float64), learn)
            found.append(strength(midranks(scores), target[~learn]))
        except Undefined:
            continue
    # Below 0 is chance: a leak would have ranked the other half the same way round.
    return 0.5 + max(sum(found) / len(found), 0.0) / 2 if found else None


def _target_means(codes: Integers, target: Floats, learn: Mask) -> Floats:
    """Each other row's category mean, drawn to the overall mean by one row's weight."""
    if not learn.any():
        raise Undefined("no rows to learn from")
    size = int(codes.max()) + 1
    counts = np.bincount(codes[learn], minlength=size)
    sums = np.bincount(codes[learn], weights=target[learn], minlength=size)
    means = (sums + target[learn].mean()) / (counts + 1)
    return np.asarray(means[codes[~learn]])


def _separation(ranks: Floats, target: Column) -> float:
    return 2 * area(target, ranks) - 1


def _correlation(ranks: Floats, target: Column) -> float:
    """Spearman's rho: Pearson's correlation of ranks."""
    if not ranks.size or (target == target[0]).all():
        raise Undefined("a label of one value correlates with nothing")
    x, y = ranks - ranks.mean(), midranks(target)
    y -= y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 0.0
