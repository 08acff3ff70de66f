from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from mlgitops.evaluation.arrays import coded, nulls


@pytest.mark.parametrize(
    "column",
    [
        np.array([1.0, np.nan, 3.0]),
        np.array(["2013-01-01", "NaT", "2013-01-03"], "datetime64[us]"),
        np.array(["a", None, "c"], object),
        np.array(["a", float("nan"), "c"], object),
    ],
)
def test_nulls_are_found_in_every_type(column):
    assert nulls(column).tolist() == [False, True, False]


def test_numbers_and_booleans_have_no_nulls():
    assert not nulls(np.array([0, 1])).any()
    assert not nulls(np.array([False, True])).any()


@pytest.mark.parametrize(
    ("column", "names", "codes"),
    [
        (np.array([3, 1, 3]), ["1", "3"], [1, 0, 1]),
        (np.array([3.0, np.nan, 1.5]), ["1.5", "3"], [1, -1, 0]),
        (np.array([True, False, True]), ["false", "true"], [1, 0, 1]),
        (np.array(["b", None, "a"], object), ["a", "b"], [1, -1, 0]),
        (np.array([1, "1", Decimal("2.5")], object), ["1", "2.5"], [0, 0, 1]),
        (np.array([[1], [2], [1]], object).ravel(), ["1", "2"], [0, 1, 0]),
        (np.array(["2013-01-01T05"], "datetime64[us]"), ["2013-01-01T05:00:00"], [0]),
        (np.array([date(2013, 1, 1)], object), ["2013-01-01"], [0]),
        (np.array([], object), [], []),
    ],
)
def test_coded_names_the_distinct_values_in_order(column, names, codes):
    found, texts = coded(column)

    assert texts == names
    assert found.tolist() == codes


def test_values_that_cannot_be_keys_are_told_apart_by_their_text():
    column = np.empty(3, object)
    column[:] = [[1, 2], {"a": 1}, [1, 2]]

    codes, names = coded(column)

    assert names == ["[1, 2]", "{'a': 1}"]
    assert codes.tolist() == [0, 1, 0]
