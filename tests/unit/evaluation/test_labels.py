from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation.labels import encode
from mlgitops.model.errors import SpecError

BINARY, MULTICLASS, REGRESSION = (
    "binary-classification",
    "multiclass-classification",
    "regression",
)


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        (np.array([0, 1, 1]), 1),
        (np.array([0, 1, 1], np.int8), True),
        (np.array([0.0, 1.0, 1.0]), 1),
        (np.array([False, True, True]), 1),
        (np.array([False, True, True]), True),
        (np.array([True, False, False]), False),
        (np.array([-1, 7, 7]), 7),
        (np.array(["no", "yes", "yes"], object), "yes"),
        (np.array(["0", "1", "1"], object), "1"),
        (np.array([Decimal(0), Decimal(1), Decimal(1)], object), 1),
    ],
)
def test_binary_is_equality_with_positive(values, positive):
    truth, classes = encode(values, positive, BINARY)

    assert truth.tolist() == [0, 1, 1]
    assert truth.dtype == np.int64
    assert classes == ()


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=2).filter(lambda found: len(set(found)) == 2))
def test_swapping_positive_flips_the_truth(found):
    values = np.array(["late" if one else "on time" for one in found], object)

    late, _ = encode(values, "late", BINARY)
    punctual, _ = encode(values, "on time", BINARY)

    assert np.array_equal(late, 1 - punctual)


@pytest.mark.parametrize(
    ("values", "positive", "message"),
    [
        (np.array([0, 1]), "1", r"no row's label equals positive: '1'; the label holds 0, 1"),
        (np.array(["0", "1"], object), 1, r"no row's label equals positive: 1"),
        (np.array([0, 1, 2]), 1, r"has 3 values: 0, 1, 2"),
        (np.arange(9), 1, r"has 9 values: 0, 1, 2, 3, 4, …"),
        (np.array([1, 1]), 1, r"the label holds 1 only"),
        (np.array([], object), 1, r"the label holds no value only"),
        (np.array([1.0, np.nan, 0.0, np.nan]), 1, r"null in 2 of 4 rows, first in row 2"),
        (np.array(["a", "b", None], object), "a", r"null in 1 of 3 rows, first in row 3"),
    ],
)
def test_a_binary_label_that_is_not_one_is_refused(values, positive, message):
    with pytest.raises(SpecError, match=message) as caught:
        encode(values, positive, BINARY)

    assert caught.value.hint


def test_multiclass_gives_codes_into_sorted_names():
    truth, classes = encode(np.array(["b", "a", "c", "a"], object), 1, MULTICLASS)

    assert classes == ("a", "b", "c")
    assert truth.tolist() == [1, 0, 2, 0]


def test_multiclass_numbers_are_named_as_they_read():
    truth, classes = encode(np.array([10, 2, 10]), 1, MULTICLASS)

    assert [classes[code] for code in truth] == ["10", "2", "10"]


@pytest.mark.parametrize(
    "values", [np.array([1, 2]), np.array([1.0, 2.0]), np.array([Decimal(1), Decimal(2)], object)]
)
def test_regression_gives_floats(values):
    truth, classes = encode(values, 1, REGRESSION)

    assert truth.tolist() == [1.0, 2.0]
    assert truth.dtype == np.float64
    assert classes == ()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array(["fast", "slow"], object), "not a number"),
        (np.array([True, False]), "the type bool"),
        (np.array(["2013-01-01"], "datetime64[us]"), "the type datetime64"),
        (np.array([1.0, np.inf]), "infinite in 1 of 2 rows, first in row 2"),
        (np.array([1.0, np.nan]), "null in 1 of 2 rows"),
    ],
)
def test_a_label_that_is_no_number_is_refused_for_regression(values, message):
    with pytest.raises(SpecError, match=message):
        encode(values, 1, REGRESSION)
