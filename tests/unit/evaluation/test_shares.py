from __future__ import annotations

import numpy as np
import pytest

from mlgitops.evaluation import intervals, shares
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.samples import Sample
from mlgitops.evaluation.undefined import Undefined

TRUTH = np.array([1, 1, 1, 1, 0, 0, 0, 0])


def deciding(*ones):
    """A binary model that decides 1 for these rows."""
    return Predictions("binary-classification", np.isin(np.arange(8), ones) * 0.8 + 0.1)


@pytest.mark.parametrize(
    ("metric", "value", "share", "trials"),
    [("accuracy", 0.75, 0.75, 8), ("precision", 0.75, 0.75, 4), ("recall", 0.75, 0.75, 4)],
)
def test_a_share_is_wilsons_of_its_denominator(metric, value, share, trials):
    found = shares.interval(metric, value, Sample(TRUTH), deciding(0, 1, 2, 4), 0.9)

    assert found == intervals.wilson(share, trials, 0.9)


def test_f1_is_wilsons_of_jaccards_index():
    found = shares.interval("f1", 0.75, Sample(TRUTH), deciding(0, 1, 2, 4), 0.9)

    assert found == pytest.approx(intervals.of_f1(intervals.wilson(0.6, 5, 0.9)))


def test_denominators_in_one_cluster_determine_nothing():
    codes = np.array([0, 0, 0, 0, 1, 2, 3, 4])

    with pytest.raises(Undefined, match="two of them"):
        shares.interval("recall", 0.75, Sample(TRUTH, codes), deciding(0, 1, 2), 0.9)


@pytest.mark.parametrize(("metric", "counts"), [("accuracy", (2, 1, 8)), ("recall", (1, 1, 4))])
def test_paired_shares_are_bonett_and_prices(metric, counts):
    models = (deciding(0, 1, 2), deciding(0, 1, 3, 5))
    found = shares.spread(metric, Sample(TRUTH), models, 0.1, 0.9)

    assert found == intervals.paired_shares(*counts, 0.9)


@pytest.mark.parametrize(("metric", "pairs"), [("precision", 2), ("f1", 4)])
def test_without_spread_the_smaller_denominator_counts(metric, pairs):
    models = (deciding(0, 1), deciding(0, 1, 2, 3, 4, 5))

    found = shares.without_spread(metric, Sample(TRUTH), models, 0.5, 0.9)

    assert found == intervals.paired_shares(0.5 * pairs, 0, pairs, 0.9)


@pytest.mark.parametrize(("metric", "pairs"), [("accuracy", 4), ("recall", 2)])
def test_like_clusters_count_once_each(metric, pairs):
    codes = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    models = (deciding(0, 2, 4, 6), deciding(1, 3, 5, 7))

    found = shares.spread(metric, Sample(TRUTH, codes), models, 0.0, 0.9)

    assert found == intervals.paired_shares(0, 0, pairs, 0.9, pairs - 1)


def test_the_mean_f1_lies_between_the_means_of_the_classes_ends():
    truth = np.array([0, 0, 0, 1, 1, 1, 1])
    model = Predictions("multiclass-classification", np.eye(3)[truth], ("a", "b", "never"))

    found = shares.macro_f1(Sample(truth), model, 0.9)

    lows = [intervals.of_f1(intervals.wilson(1.0, count, 0.9)).low for count in (3, 4)]
    assert found == pytest.approx((np.mean(lows), 1.0))
