"""Whether probabilities mean what they say: reliability bins and their error."""

from __future__ import annotations

import numpy as np

from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation.arrays import Column, Floats, Integers, Mask
from mlgitops.evaluation.intervals import Interval, percentile, wilson
from mlgitops.evaluation.resampling import draws
from mlgitops.evaluation.samples import Sample
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
    by that, so it lies around the value, and widened by what no resample shows. With
    *clusters*, a code for each row, these are resampled.

    Raises:
        Undefined: there are no rows, or fewer than two clusters.
    """
    # Equal rows are alike, so this order makes the draws those of the set of rows.
    order = np.lexsort((truth, scores))
    truth, scores = truth[order], scores[order]
    sample = Sample(truth, None if clusters is None else clusters[order])
    return Calibration(bins=bins(truth, scores), ece=_error(sample, scores, confidence))


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


def _error(sample: Sample, scores: Floats, confidence: float) -> Estimate:
    places, residuals = _places(scores), _hits(sample.truth) - scores
    by_bin = np.zeros((residuals.size, BINS))
    by_bin[np.arange(residuals.size), places] = residuals
    sizes = np.ones(residuals.size)
    if sample.clusters is not None:
        grouped.count(sample.clusters, residuals.size)
        by_bin, sizes = (grouped.totals(one, sample.clusters) for one in (by_bin, sizes))

    def statistic(weights: Column) -> Floats:
        w = weights.astype(np.float64)
        with np.errstate(invalid="ignore"):  # every weight 0
            return np.asarray(np.abs(w @ by_bin).sum(axis=1) / (w @ sizes))

    value = float(statistic(np.ones((1, sizes.size)))[0])
    found = draws(sizes.size, statistic)
    seen = percentile(found - (np.nanmean(found) - value), confidence).around(value)
    unseen = _unseen(sample, scores, confidence)
    reach = Interval(seen.low - unseen.low, seen.high + unseen.high)
    low, high = reach.within(0.0, 1.0).around(value)
    estimate = Estimate(
        value=value,
        low=low,
        high=high,
        n=residuals.size,
        method="centred-poisson-bootstrap",
        direction="minimize",
    )
    if sample.clusters is not None:
        estimate |= {"method": "centred-cluster-poisson-bootstrap", "clusters": sizes.size}
    return estimate


def _unseen(sample: Sample, scores: Floats, confidence: float) -> Interval:
    """How much smaller, and how much larger, the ECE may be for what no resample shows.

    A bin whose rows, or clusters, all have the same rate of hits has it in every resample.
    What it may be is Wilson's interval, so that a few like rows are no certainty.
    """
    places, hits, df = _places(scores), _hits(sample.truth), sample.df
    smaller = larger = 0.0
    for place in np.unique(places).tolist():
        rows: Mask = places == place
        rate, mean = float(hits[rows].mean()), float(scores[rows].mean())
        units = sample.units(rows)
        if units < 2 or not sample.take(rows).error(hits[rows] - rate):
            low, high = wilson(rate, units, confidence, df)
            share, gap = float(rows.mean()), abs(mean - rate)
            smaller += share * (gap - max(low - mean, mean - high, 0.0))
            larger += share * (max(mean - low, high - mean) - gap)
    return Interval(smaller, larger)
