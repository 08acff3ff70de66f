"""Whether probabilities mean what they say: reliability bins and their error."""

from __future__ import annotations

import numpy as np

from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation.arrays import Column, Floats, Integers
from mlgitops.evaluation.intervals import percentile
from mlgitops.evaluation.resampling import draws
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.estimates import Estimate
from mlgitops.model.evidence import Calibration, CalibrationBin

BINS = 10


def calibration(
    truth: Column, scores: Floats, confidence: float, clusters: Integers | None = None
) -> Calibration:
    """Ten equal-width bins and the expected calibration error (ECE).

    The ECE of finitely many rows is above that of infinitely many, even for a
    calibrated model, and a resample adds the same again; the interval is moved back
    by that, so it lies around the value. With *clusters*, a code for each row, these
    are resampled.

    Raises:
        Undefined: there are no rows, or fewer than two clusters.
    """
    # Equal rows are alike, so this order makes the draws those of the set of rows.
    order = np.lexsort((truth, scores))
    truth, scores = truth[order], scores[order]
    residuals = _hits(truth) - scores
    codes = None if clusters is None else clusters[order]
    found = bins(truth, scores)
    return Calibration(bins=found, ece=_error(_places(scores), residuals, confidence, codes))


def bins(truth: Column, scores: Floats) -> list[CalibrationBin]:
    """Ten equal-width bins; empty ones are left out, since they have no rate.

    Raises:
        Undefined: there are no rows.
    """
    if not truth.size:
        raise Undefined("calibration of no rows")
    places = _places(scores)
    counts = np.bincount(places, minlength=BINS)
    score_sums = np.bincount(places, weights=scores, minlength=BINS)
    hit_sums = np.bincount(places, weights=_hits(truth), minlength=BINS)
    return [
        CalibrationBin(n=int(n), mean_score=float(score / n), positive_rate=float(hit / n))
        for n, score, hit in zip(counts, score_sums, hit_sums, strict=True)
        if n
    ]


def _places(scores: Floats) -> Integers:
    return np.minimum((scores * BINS).astype(np.int64), BINS - 1)


def _hits(truth: Column) -> Floats:
    return np.asarray(truth == 1, np.float64)


def _error(
    places: Integers, residuals: Floats, confidence: float, clusters: Integers | None
) -> Estimate:
    by_bin = np.zeros((residuals.size, BINS))
    by_bin[np.arange(residuals.size), places] = residuals
    sizes = np.ones(residuals.size)
    if clusters is not None:
        grouped.count(clusters, residuals.size)
        by_bin, sizes = grouped.totals(by_bin, clusters), grouped.totals(sizes, clusters)

    def statistic(weights: Column) -> Floats:
        w = weights.astype(np.float64)
        with np.errstate(invalid="ignore"):  # every weight 0
            return np.asarray(np.abs(w @ by_bin).sum(axis=1) / (w @ sizes))

    value = float(statistic(np.ones((1, sizes.size)))[0])
    found = draws(sizes.size, statistic)
    interval = percentile(found - (np.nanmean(found) - value), confidence)
    low, high = interval.within(0.0, 1.0).around(value)
    estimate = Estimate(
        value=value,
        low=low,
        high=high,
        n=residuals.size,
        method="centred-poisson-bootstrap",
        direction="minimize",
    )
    if clusters is not None:
        estimate |= {"method": "centred-cluster-poisson-bootstrap", "clusters": sizes.size}
    return estimate
