from __future__ import annotations

import numpy as np
import pytest

from mlgitops.evaluation import clusters
from mlgitops.evaluation.undefined import Undefined


def test_codes_are_in_the_order_of_the_names():
    column = np.array(["b", "a", "c", "a"], dtype=object)

    assert clusters.encode(column).tolist() == [1, 0, 2, 0]


def test_a_null_is_a_cluster_of_its_own_row():
    column = np.array(["b", None, "a", None, "b"], dtype=object)

    codes = clusters.encode(column)

    assert codes.tolist() == [1, 2, 0, 3, 1]
    assert clusters.count(codes, 5) == 4


def test_numbers_can_name_clusters():
    assert clusters.encode(np.array([3.0, np.nan, 3.0])).tolist() == [0, 1, 0]


def test_codes_that_no_row_has_do_not_count():
    codes = np.array([7, 2, 7])

    assert clusters.count(codes, 3) == 2
    assert clusters.totals(np.array([1.0, 2.0, 4.0]), codes).tolist() == [2, 5]


def test_columns_are_summed_each():
    values = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])

    assert clusters.totals(values, np.array([0, 1, 0])).tolist() == [[5, 50], [2, 20]]


def test_clusters_with_one_of_some_rows_are_counted():
    rows = np.array([True, True, False, False])

    assert clusters.having(np.array([4, 4, 1, 0]), rows) == 1


def test_the_variance_of_clusters_of_one_row_is_that_of_rows():
    influences = np.random.default_rng(0).normal(size=50)
    influences -= influences.mean()

    found = clusters.error(clusters.totals(influences, np.arange(50)))

    assert found**2 == pytest.approx(50 * influences.var(ddof=1))


def test_a_row_that_stands_twice_tells_nothing_new():
    influences = np.random.default_rng(0).normal(size=50)
    twice = np.concatenate([influences, influences]) / 2
    codes = np.tile(np.arange(50), 2)

    assert clusters.error(clusters.totals(twice, codes)) == pytest.approx(
        clusters.error(influences)
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e200])
def test_a_length_neither_overflows_nor_vanishes(scale):
    assert clusters.length(np.array([3.0, 0.0, -4.0]) * scale) == pytest.approx(5 * scale)
    assert clusters.length(np.zeros(3)) == 0


@pytest.mark.parametrize(
    ("share", "se", "expected"),
    [
        (0.5, 0.1, 25),
        (0.5, 0.001, 400),  # never more than rows
        (0.5, 0.0, 7),  # no spread: one for each cluster
        (1.0, 0.0, 7),
        (0.5, 10.0, 1),  # never less than one
    ],
)
def test_trials_are_the_rows_that_would_have_this_error(share, se, expected):
    assert clusters.trials(share, se, 400, 7) == pytest.approx(expected)


@pytest.mark.parametrize("codes", [[], [3, 3, 3]])
def test_fewer_than_two_clusters_do_not_vary(codes):
    with pytest.raises(Undefined, match="two of them"):
        clusters.count(np.array(codes, np.int64), len(codes))


def test_codes_of_other_rows_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="2 cluster codes for 3 rows"):
        clusters.count(np.array([0, 1]), 3)
