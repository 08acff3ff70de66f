from __future__ import annotations

import numpy as np
import pytest

from mlgitops.evaluation import intervals
from mlgitops.evaluation.samples import Sample
from mlgitops.evaluation.undefined import Undefined

TRUTH = np.array([0, 1, 1, 0, 1])
CODES = np.array([4, 4, 2, 2, 9])
ROWS, CLUSTERS = Sample(TRUTH), Sample(TRUTH, CODES)


def test_rows_are_their_own_units_and_clusters_count_once():
    some = np.array([True, True, False, False, True])

    assert (ROWS.units(some), CLUSTERS.units(some)) == (3, 2)
    assert (ROWS.df, CLUSTERS.df) == (0, 2)


def test_some_of_the_rows_keep_their_clusters():
    kept = CLUSTERS.take(TRUTH == 1)

    assert kept.truth.tolist() == [1, 1, 1]
    assert kept.clusters.tolist() == [4, 2, 9]
    assert ROWS.take(TRUTH == 1).clusters is None


def test_influences_are_summed_within_clusters():
    moved = np.array([3.0, 0.0, 1.0, -5.0, 0.0])

    assert ROWS.error(moved) == pytest.approx(35**0.5)
    assert CLUSTERS.error(moved) == pytest.approx((25 * 3 / 2) ** 0.5)


def test_rounding_is_no_error():
    moved = np.array([0.3, 0.0, -0.3, 0.0, 1e-13])
    alike = Sample(TRUTH, np.array([0, 0, 0, 0, 1]))

    assert ROWS.error(moved) > 0
    assert alike.error(moved) == 0
    assert alike.error(moved, scale=0.01) > 0


def test_a_mean_is_students_t_over_rows_or_clusters():
    values = np.array([1.0, 2.0, 4.0, 8.0, 5.0])
    same = Sample(np.arange(5), np.arange(5))

    alone = ROWS.mean(values, 0.9, 8.0)

    assert alone == intervals.mean_spread(values, 0.9, 8.0)
    assert same.mean(values, 0.9, 8.0).se == pytest.approx(alone.se)
    assert same.mean(values, 0.9, 8.0).df == alone.df == 4
    assert CLUSTERS.mean(values, 0.9, 8.0).df == 2
    assert CLUSTERS.mean(np.full(5, 0.1), 0.9, 0.1).se == 0


def test_one_cluster_does_not_vary():
    one = Sample(TRUTH, np.ones(5, np.int64))

    for attempt in (lambda: one.df, lambda: one.mean(np.arange(5.0), 0.9, 4.0)):
        with pytest.raises(Undefined, match="two of them"):
            attempt()
