from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression  # noqa: TID253 - an honest learner

from mlgitops.evaluation.baseline import prior
from mlgitops.evaluation.compare import compare
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.repetition import (
    largest_difference,
    predictions_digest,
    shuffled_order,
    spread,
)
from mlgitops.evaluation.undefined import Undefined


def test_the_spread_is_mean_and_sample_deviation():
    found = spread([0.5, 0.7, 0.9])

    assert found["values"] == [0.5, 0.7, 0.9]
    assert found["mean"] == pytest.approx(0.7)
    assert found["sd"] == pytest.approx(0.2)


def test_equal_values_have_no_spread():
    assert spread([0.25, 0.25])["sd"] == 0


def test_the_mean_of_equal_values_is_that_value():
    assert spread([0.1, 0.1, 0.1])["mean"] == 0.1


@pytest.mark.parametrize("values", [[], [0.5], [1.7e308, 1.7e308, -1.7e308]])
def test_a_spread_that_is_not_determined_is_none(values):
    with pytest.raises(Undefined):
        spread(values)


def test_the_digest_is_over_little_endian_doubles():
    expected = hashlib.sha256(struct.pack("<3d", 0.25, 0.0, 1.0)).hexdigest()

    assert predictions_digest(np.array([0.25, -0.0, 1.0])) == f"sha256:{expected}"
    assert predictions_digest(np.array([0.25, 0.0, 1.0], ">f8")) == f"sha256:{expected}"


def test_the_digest_of_classes_goes_row_by_row():
    rows = np.array([[0.25, 0.75], [0.5, 0.5]])

    assert predictions_digest(np.asfortranarray(rows)) == predictions_digest(rows.ravel())


def test_one_bit_changes_the_digest():
    one, other = np.array([0.1, 0.2]), np.array([0.1, np.nextafter(0.2, 1)])

    assert predictions_digest(one) != predictions_digest(other)
    assert largest_difference(one, other) == pytest.approx(2.8e-17, rel=0.01)


def test_the_largest_difference_is_over_all_rows_and_classes():
    first, second = np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([[0.25, 0.75], [0.75, 0.25]])

    assert largest_difference(first, second) == 0.25
    assert largest_difference(first, first) == 0
    assert largest_difference(first[:0], first[:0]) == 0


def test_a_difference_beyond_numbers_is_not_determined():
    with pytest.raises(Undefined):
        largest_difference(np.array([1.7e308]), np.array([-1.7e308]))


def test_the_order_follows_from_the_seed_alone():
    assert shuffled_order(8, 7).tolist() == shuffled_order(8, 7).tolist()
    assert shuffled_order(8, 7).tolist() != shuffled_order(8, 8).tolist()
    # Computed once: the bits are the same in every version of numpy.
    assert shuffled_order(8, 7).tolist() == [6, 3, 4, 0, 2, 7, 5, 1]


@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_the_order_has_each_row_once(rows):
    assert sorted(shuffled_order(rows, 0).tolist()) == list(range(rows))


def noise_against_dummy(metric, draws=60):
    """Comparisons with the dummy of models of shuffled labels, and of honest ones.

    Three features of which two tell something: 1,000 rows to train, 1,000 to judge.
    """
    found = []
    for draw in range(draws):
        dice = np.random.default_rng(draw)
        x = dice.normal(size=(2000, 3))
        y = (dice.random(2000) < 1 / (1 + np.exp(1 - x[:, 0] - x[:, 1] / 2))).astype(np.int64)
        shuffled = y[:1000][shuffled_order(1000, draw)]
        dummy = prior(y[:1000], 1000, "binary-classification")
        scores = (
            LogisticRegression().fit(x[:1000], labels).predict_proba(x[1000:])[:, 1]
            for labels in (shuffled, y[:1000])
        )
        models = [Predictions("binary-classification", one) for one in scores]
        found.append([compare(metric, y[1000:], model, dummy, 0.95) for model in models])
    return found


def test_noise_is_better_than_the_dummy_as_often_as_worse():
    """Why a model of shuffled labels is not held to "no better than chance"."""
    found = noise_against_dummy("roc_auc")

    alarms = [noise["low"] > 0 for noise, _ in found]
    alike = [noise["low"] > honest["delta"] / 2 for noise, honest in found]
    assert 0.3 < np.mean(alarms) < 0.7
    assert np.mean(alike) > 0.15


def test_noise_keeps_little_of_the_gain_in_a_graded_metric():
    found = noise_against_dummy("brier")

    kept = [noise["delta"] / honest["delta"] for noise, honest in found]
    assert max(kept) < 0.5
    assert abs(np.mean(kept)) < 0.1
