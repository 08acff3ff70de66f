from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr  # noqa: TID253 - the reference
from sklearn.metrics import roc_auc_score  # noqa: TID253 - the reference

from mlgitops.evaluation.leakage import (
    duplicate_rows,
    early_rows,
    feature_auc,
    look_ahead,
    shared_groups,
    shared_rows,
)

BINARY, MULTICLASS, REGRESSION = (
    "binary-classification",
    "multiclass-classification",
    "regression",
)


def labels(rows=2000, seed=0):
    return (np.random.default_rng(seed).random(rows) < 0.3).astype(np.int64)


def noisy(truth, spread=1.0, seed=1):
    return truth + np.random.default_rng(seed).normal(0, spread, truth.size)


def texts(values):
    return np.array([str(value) for value in values], object)


def test_a_numeric_column_has_its_ranks_auc_in_either_direction():
    truth = labels()
    values = noisy(truth)
    expected = pytest.approx(roc_auc_score(truth, values))

    assert feature_auc(values, truth, BINARY) == expected
    assert feature_auc(-values, truth, BINARY) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=1, max_size=40))
def test_a_numeric_column_is_between_a_half_and_one(rows):
    truth, values = np.array(rows).T

    found = feature_auc(values, truth, BINARY)

    assert (found is None) == (len(set(truth.tolist())) < 2)
    assert found is None or 0.5 <= found <= 1


def test_being_null_can_be_the_leak():
    truth = labels()
    values = np.where(truth == 1, np.nan, np.random.default_rng(2).normal(size=truth.size))

    assert feature_auc(values, truth, BINARY) == 1


@pytest.mark.parametrize("column", ["bool", "datetime64[us]", "timedelta64[s]"])
def test_booleans_and_times_rank_as_numbers(column):
    truth = labels()

    assert feature_auc(truth.astype(column), truth, BINARY) == 1


def test_missing_times_are_a_group():
    truth = labels()
    values = np.where(truth == 1, np.datetime64("NaT"), np.datetime64("2013-01-01", "us"))

    assert feature_auc(values, truth, BINARY) == 1


def test_a_category_that_tells_the_label_is_found():
    truth = labels()

    assert feature_auc(texts(truth), truth, BINARY) == 1
    assert feature_auc(np.where(truth == 1, None, texts(truth)), truth, BINARY) == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_unique_key_does_not_look_guilty(seed):
    truth = labels(seed=seed)
    keys = texts(np.random.default_rng(seed).permutation(truth.size))

    assert feature_auc(keys, truth, BINARY) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_many_categories_without_meaning_do_not_look_guilty(seed):
    truth = labels(seed=seed)
    groups = texts(np.random.default_rng(seed).integers(0, 500, truth.size))

    assert feature_auc(groups, truth, BINARY) < 0.56


def test_a_category_is_judged_like_its_rates():
    truth = labels(20_000)
    grade = np.digitize(noisy(truth), [-0.5, 0, 0.5, 1, 1.5])

    assert feature_auc(texts(grade), truth, BINARY) == pytest.approx(
        roc_auc_score(truth, grade), abs=0.01
    )


def test_multiclass_takes_the_class_that_is_told_best():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, 900)
    values = np.where(truth == 2, 1.0, 0.0)

    assert feature_auc(values, truth, MULTICLASS) == 1
    assert feature_auc(texts(values), truth, MULTICLASS) == 1
    assert feature_auc(generator.normal(size=900), truth, MULTICLASS) < 0.56


def test_a_rare_class_is_left_out_unless_all_are_rare():
    truth = np.array([0] * 50 + [1] * 50 + [2])
    values = np.append(np.random.default_rng(0).normal(size=100), 99.0)

    assert feature_auc(values, truth, MULTICLASS) < 0.7
    assert feature_auc(np.array([1.0, 2.0, 3.0]), np.array([0, 1, 2]), MULTICLASS) == 1


def test_regression_is_spearmans_rho_on_the_scale_of_an_auc():
    truth = np.random.default_rng(0).normal(size=500)
    values = noisy(truth)
    expected = 0.5 + spearmanr(values, truth).statistic / 2

    assert feature_auc(values, truth, REGRESSION) == pytest.approx(expected)
    assert feature_auc(-values, truth, REGRESSION) == pytest.approx(expected)
    assert feature_auc(np.zeros(500), truth, REGRESSION) == 0.5


def test_a_category_that_orders_a_regression_is_found():
    truth = np.random.default_rng(0).integers(0, 5, 500).astype(float)

    assert feature_auc(texts(truth), truth, REGRESSION) == pytest.approx(1)


@pytest.mark.parametrize("values", [np.array([1.0, 2.0, 3.0]), texts([1, 2, 3])])
def test_a_label_of_one_value_decides_nothing(values):
    assert feature_auc(values, np.ones(3, np.int64), BINARY) is None
    assert feature_auc(values, np.ones(3, np.int64), MULTICLASS) is None
    assert feature_auc(values, np.ones(3), REGRESSION) is None


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_decide_nothing(task, rows):
    truth = np.ones(rows, float if task == REGRESSION else np.int64)

    assert feature_auc(np.ones(rows), truth, task) is None
    assert feature_auc(texts(truth), truth, task) is None


def test_duplicates_count_holdout_rows():
    train, holdout = np.array([1, 2, 2, 3], np.uint64), np.array([2, 2, 9, 3], np.uint64)

    assert duplicate_rows(train, holdout) == 3
    assert duplicate_rows(train, np.array([], np.uint64)) == 0


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=50))
def test_a_mask_and_its_complement_share_no_rows(flags):
    mask = np.array(flags, bool)

    assert shared_rows(np.flatnonzero(~mask), np.flatnonzero(mask)) == 0
    assert shared_rows(np.arange(mask.size), np.flatnonzero(mask)) == mask.sum()


def days(*numbers):
    return np.array([np.datetime64("NaT") if n is None else n for n in numbers], "datetime64[us]")


def test_a_time_after_the_row_s_own_looks_ahead():
    moments = days(5, 5, 5, None, 5)

    assert look_ahead(days(4, 5, 6, 6, None), moments) == 1


def test_groups_on_both_sides_are_counted_once_each():
    groups = np.array(["a", "a", "b", "b", "c", None, None], object)
    held_out = np.array([0, 1, 0, 0, 1, 0, 1], bool)

    assert shared_groups(groups, held_out) == 1
    assert shared_groups(groups, np.zeros(7, bool)) == 0


@pytest.mark.parametrize("dtype", ["int64", "float64", "datetime64[us]"])
def test_groups_may_be_numbers_or_times(dtype):
    groups = np.array([1, 1, 2, 3, 3, 3]).astype(dtype)

    assert shared_groups(groups, np.array([0, 1, 0, 0, 1, 1], bool)) == 2


def test_rows_before_the_newest_that_was_learnt_from_are_early():
    held_out = np.array([0, 0, 0, 1, 1, 1, 1], bool)

    assert early_rows(days(1, 4, None, 3, 4, 5, None), held_out) == 1
    assert early_rows(days(None, None, None, 3, 4, 5, 6), held_out) == 0
