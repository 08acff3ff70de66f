from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve  # noqa: TID253 - the reference

from mlgitops.evaluation.calibration import calibration
from mlgitops.evaluation.intervals import wilson
from mlgitops.evaluation.undefined import Undefined


def sample(rows=2000, seed=0, power=1.0):
    generator = np.random.default_rng(seed)
    scores = generator.random(rows)
    return (generator.random(rows) < scores**power).astype(np.int64), scores


def test_bins_are_scikit_learns():
    truth, scores = sample()
    rates, means = calibration_curve(truth, scores, n_bins=10)

    bins = calibration(truth, scores, 0.95)["bins"]

    assert [one["positive_rate"] for one in bins] == pytest.approx(rates)
    assert [one["mean_score"] for one in bins] == pytest.approx(means)
    assert sum(one["n"] for one in bins) == truth.size


def test_ece_is_the_weighted_gap_of_the_bins():
    truth, scores = sample(power=2)

    found = calibration(truth, scores, 0.95)

    gaps = [one["n"] * abs(one["mean_score"] - one["positive_rate"]) for one in found["bins"]]
    assert found["ece"]["value"] == pytest.approx(sum(gaps) / truth.size)
    assert found["ece"]["low"] < found["ece"]["value"] < found["ece"]["high"]
    assert found["ece"]["direction"] == "minimize"


def test_a_calibrated_model_has_a_small_error_and_a_distorted_one_a_large_one():
    good, bad = (calibration(*sample(power=power), 0.95)["ece"] for power in (1, 3))

    assert good["high"] < 0.06
    assert bad["low"] > 0.15


def test_empty_bins_are_left_out_and_one_belongs_to_the_last():
    found = calibration(np.array([0, 1, 1]), np.array([0.05, 1.0, 0.95]), 0.95)

    assert [one["n"] for one in found["bins"]] == [1, 2]


def test_the_order_of_rows_does_not_matter():
    truth, scores = sample(300)
    order = np.random.default_rng(2).permutation(300)

    one, other = calibration(truth, scores, 0.9), calibration(truth[order], scores[order], 0.9)

    assert one == other


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=8, max_size=30))
def test_the_interval_holds_the_value_within_zero_and_one(rows):
    truth, scores = np.array(rows).T

    ece = calibration(truth.astype(np.int64), scores, 0.95)["ece"]

    assert 0 <= ece["low"] <= ece["value"] <= ece["high"] <= 1


def test_no_rows_are_undefined():
    with pytest.raises(Undefined):
        calibration(np.array([]), np.array([]), 0.95)


def test_rows_that_stand_four_times_are_no_more_certain():
    truth, scores = sample(400)
    rows, codes = np.tile(np.arange(400), 4), np.tile(np.arange(400), 4)

    once = calibration(truth, scores, 0.95)["ece"]
    fooled = calibration(truth[rows], scores[rows], 0.95)["ece"]
    clustered = calibration(truth[rows], scores[rows], 0.95, codes)["ece"]

    assert clustered["high"] - clustered["low"] == pytest.approx(
        once["high"] - once["low"], rel=0.15
    )
    assert fooled["high"] - fooled["low"] < 0.7 * (once["high"] - once["low"])
    assert clustered["clusters"] == 400
    assert clustered["method"] == "centred-cluster-poisson-bootstrap"


def test_one_cluster_is_undefined():
    truth, scores = sample(50)

    with pytest.raises(Undefined):
        calibration(truth, scores, 0.95, np.zeros(50, np.int64))


@pytest.mark.parametrize(("rows", "least"), [(3, 0.5), (10, 0.24), (100, 0.029)])
def test_rows_that_are_all_alike_are_no_certainty(rows, least):
    found = calibration(np.ones(rows, np.int64), np.full(rows, 0.97), 0.95)["ece"]

    assert found["value"] == pytest.approx(0.03)
    assert found["high"] - found["low"] > least


def test_wilson_s_ends_bound_the_error_of_rows_of_one_class():
    low, _ = wilson(1.0, 20, 0.9)

    found = calibration(np.ones(20, np.int64), np.full(20, 0.98), 0.9)["ece"]

    assert found["high"] == pytest.approx(0.98 - low)
    assert found["low"] == pytest.approx(0.0)


def test_clusters_that_are_all_alike_are_no_certainty_either():
    truth, scores = np.tile([0, 1], 5), np.full(10, 0.7)

    found = calibration(truth, scores, 0.95, np.arange(10) // 2)["ece"]

    assert found["high"] - found["low"] > 0.3


def test_each_bin_of_like_clusters_adds_its_share_of_what_wilsons_interval_leaves_open():
    # One row in four lies in the bin of 0.25, where none is positive; the others are all positive.
    # Each of the 30 clusters has the same rows, so that every resample has the same error.
    truth, scores = np.tile([0, 1, 1, 1], 30), np.tile([0.25, 0.95, 0.95, 0.95], 30)
    _, most = wilson(0.0, 30, 0.95, df=29)
    least, _ = wilson(1.0, 30, 0.95, df=29)
    assert most < 0.25  # the error of the first bin cannot be 0
    assert least < 0.95  # that of the second can

    found = calibration(truth, scores, 0.95, np.repeat(np.arange(30), 4))["ece"]

    assert found["value"] == pytest.approx(0.25 * 0.25 + 0.75 * 0.05)
    assert found["low"] == pytest.approx(0.25 * (0.25 - most))
    assert found["high"] == pytest.approx(0.25 * 0.25 + 0.75 * (0.95 - least))
