from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics  # noqa: TID253 - the reference
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation.formulas import (
    count_statistic,
    decisions,
    kinds_of_rows,
    row_statistic,
    row_values,
)
from mlgitops.evaluation.predictions import Predictions

BINARY = "binary-classification"
WEIGHTED = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(1, 4)), min_size=2, max_size=40
).filter(lambda rows: len({row[0] for row in rows}) == 2)


@settings(deadline=None)
@given(WEIGHTED)
def test_weighted_errors_are_scikit_learns(rows):
    truth, levels, weights = np.array(rows).T
    model = Predictions("regression", levels / 5)

    rmse = row_statistic("rmse", truth, model)(weights[None, :])[0]
    r2 = row_statistic("r2", truth, model)(weights[None, :])[0]

    squared = sklearn.metrics.mean_squared_error(truth, model.scores, sample_weight=weights)
    assert rmse == pytest.approx(squared**0.5, abs=1e-12)
    assert r2 == pytest.approx(
        sklearn.metrics.r2_score(truth, model.scores, sample_weight=weights), abs=1e-9
    )


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=40
    )
)
def test_weighted_macro_f1_is_scikit_learns(rows):
    truth, decided, weights = np.array(rows).T

    found = count_statistic("f1_macro", truth, decided)(weights[None, :])[0]

    expected = sklearn.metrics.f1_score(truth, decided, average="macro", sample_weight=weights)
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_resample_without_what_it_needs_is_nan():
    truth, model = np.array([0, 1]), Predictions(BINARY, np.array([0.2, 0.8]))
    nothing = np.zeros((1, 2), np.uint8)

    for metric in ("rmse", "r2"):
        assert np.isnan(row_statistic(metric, truth, model)(nothing)[0])
    for metric in ("precision", "recall", "f1", "f1_macro"):
        assert np.isnan(count_statistic(metric, truth, decisions(model))(nothing)[0])


def test_a_truth_that_does_not_vary_has_no_r2():
    truth = np.full(7, 0.1)

    found = row_statistic("r2", truth, Predictions("regression", np.arange(7.0)))

    assert np.isnan(found(np.ones((1, 7)))[0])


def test_half_a_chance_decides_for_the_positive_class():
    assert decisions(Predictions(BINARY, np.array([0.49, 0.5, 0.51]))).tolist() == [0, 1, 1]


def test_log_loss_of_a_certain_error_is_finite():
    values = row_values("log_loss", np.array([1, 0]), Predictions(BINARY, np.array([0.0, 1.0])))

    assert np.isfinite(values).all()


def test_what_is_not_a_mean_has_no_row_values():
    with pytest.raises(ValueError, match="not a mean"):
        row_values("roc_auc", np.array([1]), Predictions(BINARY, np.array([0.5])))


def test_kinds_of_rows_counts_equal_rows():
    (first, second), counts = kinds_of_rows((np.array([1, 0, 1, 1]), np.array([2, 0, 2, 0])))

    rows = dict(zip(zip(first.tolist(), second.tolist(), strict=True), counts, strict=True))
    assert rows == {(0, 0): 1, (1, 0): 1, (1, 2): 2}
