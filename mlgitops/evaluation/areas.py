"""Areas under the ROC curve and under the precision-recall curve: intervals of one, and of two.

Each row has an influence on an area; the rows of the rarer class have the largest, so
they limit what is known. Methods and sources: docs/statistics.md.
"""

from __future__ import annotations

import numpy as np

from mlgitops.evaluation import intervals, ranking
from mlgitops.evaluation.arrays import Floats
from mlgitops.evaluation.intervals import Interval, Spread
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.samples import Sample
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.metrics import FEWEST_OF_CLASS

METHODS = {"roc_auc": "delong", "average_precision": "jackknife"}


def interval(
    metric: str, value: float, sample: Sample, predictions: Predictions, confidence: float
) -> Interval:
    """The interval of one model's area, which is *value*, on the logit scale.

    Scores that are all equal have an AUC of 1/2 and show no spread; that other rows
    would be scored alike as well, only many of them tell.

    Raises:
        Undefined: there are fewer than two clusters, or than two rows of a class.
    """
    df = sample.df
    moved = ranking.influence(metric, sample.truth == 1, predictions.scores)
    return intervals.area(value, sample.error(moved), _fewer(sample), confidence, df)


def spread(
    metric: str,
    sample: Sample,
    models: tuple[Predictions, Predictions],
    difference: float,
    confidence: float,
) -> Spread:
    """The spread of the *difference* of two models' areas; an se of 0 says that none is seen.

    Raises:
        Undefined: fewer than `FEWEST_OF_CLASS` rows of a class, or clusters that have one.
    """
    is_positive = sample.truth == 1
    fewer = _fewer(sample)
    if fewer < FEWEST_OF_CLASS:
        raise Undefined(
            f"a difference of {metric} needs {FEWEST_OF_CLASS} independent rows of each class"
        )
    first, second = (model.scores for model in models)
    ours, theirs = (ranking.influence(metric, is_positive, one) for one in (first, second))
    se = sample.error(ours - theirs)
    if not se and np.array_equal(ranking.midranks(first), ranking.midranks(second)):
        # No pair of rows is ranked differently, of which as many are independent.
        return intervals.paired_shares(0, 0, fewer, confidence, sample.df)
    df = _degrees(sample, ours - theirs) if se else sample.df
    found = intervals.symmetric(difference, se, df, confidence)
    return found._replace(interval=found.interval.within(-1.0, 1.0))


def _degrees(sample: Sample, influences: Floats) -> float:
    """Welch and Satterthwaite's, of the two classes; at most those of the clusters."""
    squares, weighted = 0.0, 0.0
    is_positive = sample.truth == 1
    for side in (is_positive, ~is_positive):
        part = sample.error(np.where(side, influences, 0.0), scale=0.0) ** 2
        squares += part
        weighted += part**2 / (sample.units(side) - 1)
    found = squares**2 / weighted
    return min(found, sample.df) if sample.clusters is not None else found


def _fewer(sample: Sample) -> int:
    """How many independent rows the rarer class has."""
    is_positive = sample.truth == 1
    return min(sample.units(side) for side in (is_positive, ~is_positive))
