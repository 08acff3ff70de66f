"""The rows that models are judged on, and how much what they say would vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation import intervals
from mlgitops.evaluation.arrays import Column, Floats, Integers, Mask
from mlgitops.evaluation.intervals import Spread


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The truth of each row, and which rows belong together.

    *clusters* has a code for each row; None where rows are independent.
    """

    truth: Column
    clusters: Integers | None = None

    @property
    def df(self) -> int:
        """Degrees of freedom of what varies: clusters less one; 0, the normal ones, for rows.

        Raises:
            Undefined: there are fewer than two clusters.
        """
        if self.clusters is None:
            return 0
        return grouped.count(self.clusters, self.truth.size) - 1

    def take(self, rows: Mask) -> Sample:
        """The rows where *rows* is true."""
        codes = None if self.clusters is None else self.clusters[rows]
        return Sample(self.truth[rows], codes)

    def units(self, rows: Mask) -> int:
        """How many of *rows* are independent: all, or the clusters that they are in."""
        if self.clusters is None:
            return int(np.count_nonzero(rows))
        return grouped.having(self.clusters, rows)

    def error(self, influences: Floats, scale: float = 1.0) -> float:
        """Standard error of what rows move by these *influences*; of clusters, if there are any.

        Exactly 0 if it is no more than the rounding of numbers as large as *scale*.
        """
        if self.clusters is None:
            found = grouped.length(influences)
        else:
            found = grouped.error(grouped.totals(influences, self.clusters))
        return intervals.rounded(found, scale)

    def mean(self, values: Floats, confidence: float, scale: float) -> Spread:
        """The mean of *values*, one for each row, by Student's t.

        *scale* is the size of the largest number that *values* were made of.

        Raises:
            Undefined: there are fewer than two rows, or clusters.
        """
        if self.clusters is None:
            return intervals.mean_spread(values, confidence, scale)
        df, center = self.df, float(values.mean())
        se = self.error((values - center) / values.size, scale)
        return intervals.symmetric(center, se, df, confidence)
