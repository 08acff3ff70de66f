"""Shares of rows (accuracy, precision, recall, F1): intervals of one model's, and of two.

None of them takes equal outcomes for certainty: 5 hits of 5 are not proof of 100 %, and
two models that never disagree on 5 rows are not proven equal. Methods: docs/statistics.md.
"""

from __future__ import annotations

import numpy as np

from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation import intervals
from mlgitops.evaluation.formulas import decisions, row_influence, rows_of_share
from mlgitops.evaluation.intervals import Interval, Spread
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.samples import Sample

PAIRED = ("accuracy", "recall")
"""Those that both models have of the same rows."""

Models = tuple[Predictions, Predictions]


def interval(
    metric: str, value: float, sample: Sample, predictions: Predictions, confidence: float
) -> Interval:
    """Wilson's interval given the denominator; F1 through Jaccard's index J, 2J / (1 + J).

    Raises:
        Undefined: the denominator's rows are in fewer than two clusters.
    """
    rows = rows_of_share(metric, sample.truth, predictions)
    judged = sample.take(rows)
    df, slope = judged.df, 1.0
    if metric == "f1":
        # J is F1 / (2 - F1), and moves with F1 by this much.
        value, slope = value / (2 - value), 2 / (2 - value) ** 2
    trials: float = judged.truth.size
    if sample.clusters is not None:
        moved = row_influence(metric, sample.truth, predictions)[rows]
        trials = grouped.trials(value, slope * judged.error(moved), judged.truth.size, df + 1)
    found = intervals.wilson(value, trials, confidence, df)
    return intervals.of_f1(found) if metric == "f1" else found


def macro_f1(sample: Sample, predictions: Predictions, confidence: float) -> Interval:
    """Where the classes' own Wilson intervals leave their mean F1: wide, but never without width.

    Classes that stand neither in the truth nor in the decisions are left out.
    """
    truth, decided, df = sample.truth, decisions(predictions), sample.df
    ends = []
    for label in np.union1d(truth, decided).tolist():
        is_true, is_decided = truth == label, decided == label
        rows = is_true | is_decided
        jaccard = np.count_nonzero(is_true & is_decided) / np.count_nonzero(rows)
        trials = sample.units(rows)
        ends.append(intervals.of_f1(intervals.wilson(jaccard, trials, confidence, df)))
    low, high = np.mean(ends, axis=0).tolist()
    return Interval(low, high)


def spread(
    metric: str, sample: Sample, models: Models, difference: float, confidence: float
) -> Spread:
    """The spread of the *difference* of two shares in clusters, or of `PAIRED` ones.

    Raises:
        Undefined: the rows that they are shares of are in fewer than two clusters.
    """
    if sample.clusters is None:
        return _bonett_price(metric, sample, models, confidence)
    ours, theirs = (rows_of_share(metric, sample.truth, model) for model in models)
    rows = ours | theirs
    judged = sample.take(rows)
    first, second = (row_influence(metric, sample.truth, model)[rows] for model in models)
    df, se = judged.df, judged.error(first - second)
    if not se:
        return without_spread(metric, sample, models, difference, confidence)
    if metric in PAIRED:
        # Models that disagree on few rows only have at least the spread of independent rows.
        se = max(se, _bonett_price(metric, sample, models, confidence).se)
    found = intervals.symmetric(difference, se, df, confidence)
    return found._replace(interval=found.interval.within(-1.0, 1.0))


def without_spread(
    metric: str, sample: Sample, models: Models, difference: float, confidence: float
) -> Spread:
    """Bonett and Price's spread for a *difference* that does not vary between rows or clusters.

    With as many pairs as the smaller denominator has of them, and no more disagreement
    than the difference needs.
    """
    denominators = [rows_of_share(metric, sample.truth, model) for model in models]
    df = sample.take(denominators[0] | denominators[1]).df
    pairs = min(sample.units(rows) for rows in denominators)
    ahead, behind = max(difference, 0.0) * pairs, max(-difference, 0.0) * pairs
    return intervals.paired_shares(ahead, behind, pairs, confidence, df)


def _bonett_price(metric: str, sample: Sample, models: Models, confidence: float) -> Spread:
    """As if the rows were independent."""
    rows = rows_of_share(metric, sample.truth, models[0])
    ours, theirs = ((decisions(model) == sample.truth)[rows] for model in models)
    return intervals.paired_shares(
        int(np.count_nonzero(ours & ~theirs)),
        int(np.count_nonzero(theirs & ~ours)),
        ours.size,
        confidence,
    )
