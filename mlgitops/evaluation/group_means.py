"""The mean of one group's rows, and the interval that it has at any confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation import intervals
from mlgitops.evaluation.arrays import Floats, Integers
from mlgitops.evaluation.intervals import Interval
from mlgitops.evaluation.undefined import Undefined

MeanKind = Literal["share", "amount", "signed"]
"""Of rows that are 0 or 1, of rows that are at least 0, or of any numbers."""


@dataclass(frozen=True, slots=True)
class Pulls:
    """How far each cluster moves a mean, by its rows' distances from it; of length 1."""

    codes: Integers
    values: Floats


@dataclass(frozen=True, slots=True)
class GroupMean:
    """A mean of *n* rows and its standard error; *pulls* where rows are not independent."""

    value: float
    n: int
    se: float
    kind: MeanKind
    pulls: Pulls | None = None

    @property
    def method(self) -> str:
        """How its interval is made."""
        name = "wilson" if self.kind == "share" else "t"
        return f"cluster-{name}" if self.pulls else name

    @property
    def clusters(self) -> int:
        """How many clusters its rows are of; 0 where rows are independent."""
        return self.pulls.codes.size if self.pulls else 0

    def interval(self, confidence: float) -> Interval:
        """Wilson's for a share, else Student's t; it holds the value.

        Raises:
            Undefined: it is too wide to compute, or of too few clusters.
        """
        if self.kind == "share":
            df = max(self.clusters - 1, 0)
            trials: float = self.n
            if self.pulls:
                trials = grouped.trials(self.value, self.se, self.n, self.clusters)
            return intervals.wilson(self.value, trials, confidence, df).around(self.value)
        df = (self.clusters or self.n) - 1
        least = 0.0 if self.kind == "amount" else -math.inf
        found = intervals.symmetric(self.value, self.se, df, confidence).interval
        if not all(map(math.isfinite, found)):
            raise Undefined("the spread of a mean is too large to compute")
        return found.within(least, math.inf)


def mean_of(values: Floats, kind: MeanKind, clusters: Integers | None = None) -> GroupMean:
    """The mean of *values*; *clusters* are codes aligned with them.

    Raises:
        Undefined: no rows, too few rows or clusters for a spread, an overflow, or
            numbers other than a share's that show no spread.
    """
    if not values.size:
        raise Undefined("a mean of no rows")
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(values.mean())
        moved = (values - value) / values.size
    codes: Integers | None = None
    if clusters is not None:
        codes, places = np.unique(clusters, return_inverse=True)
        moved = np.asarray(np.bincount(places, weights=moved), np.float64)
    if moved.size < 2 and (codes is not None or kind != "share"):
        raise Undefined("a spread needs two rows, and two clusters")
    se = grouped.error(moved) if moved.size > 1 else 0.0
    if not (math.isfinite(value) and math.isfinite(se)):
        raise Undefined(f"the mean of {values.size} rows is too large to compute")
    se = intervals.rounded(se, float(np.abs(values).max()))
    if kind != "share" and not se:
        raise Undefined(f"the {values.size} rows of a mean show no spread")
    if codes is None:
        return GroupMean(value, values.size, se, kind)
    # Without a spread, what is left is rounding, which pulls in no direction.
    length = grouped.length(moved) if se else 1.0
    return GroupMean(value, values.size, se, kind, Pulls(codes, moved / length))


def correlation(means: Sequence[GroupMean]) -> Floats:
    """Correlation of the means (k, k), through clusters with rows in several groups.

    0 where rows are independent, for no row is in two groups.
    """
    pulls = [mean.pulls for mean in means]
    known = [pull for pull in pulls if pull is not None]
    if len(known) < len(pulls):
        return np.zeros((len(pulls), len(pulls)))
    from scipy.sparse import coo_array

    _, places = np.unique(np.concatenate([pull.codes for pull in known]), return_inverse=True)
    group = np.repeat(np.arange(len(known)), [pull.codes.size for pull in known])
    moved = np.concatenate([pull.values for pull in known])
    matrix = coo_array((moved, (places, group))).tocsr()
    return np.asarray(np.clip((matrix.T @ matrix).toarray(), -1, 1), np.float64)
