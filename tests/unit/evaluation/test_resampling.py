from __future__ import annotations

import numpy as np
import pytest

from mlgitops.evaluation import resampling
from mlgitops.evaluation.resampling import RESAMPLES, draws, draws_of_counts


def test_weights_are_poisson_with_mean_and_variance_one():
    seen = []
    draws(200, lambda weights: seen.append(weights) or np.zeros(len(weights)))
    weights = np.concatenate(seen)

    assert weights.shape == (RESAMPLES, 200)
    assert weights.mean() == pytest.approx(1, abs=0.01)
    assert weights.var() == pytest.approx(1, abs=0.02)
    assert (weights == 0).mean() == pytest.approx(np.exp(-1), abs=0.005)


def test_the_same_rows_have_the_same_draws():
    def total(weights):
        return weights.sum(axis=1).astype(float)

    assert np.array_equal(draws(37, total), draws(37, total))


def test_memory_is_bounded_by_chunks(monkeypatch):
    monkeypatch.setattr(resampling, "_CELLS_AT_ONCE", 1000)
    shapes = []
    found = draws(301, lambda weights: shapes.append(weights.shape) or np.ones(len(weights)))

    assert found.size == RESAMPLES
    assert max(rows * columns for rows, columns in shapes) <= 1000


def test_more_rows_than_fit_at_once_come_one_resample_at_a_time(monkeypatch):
    monkeypatch.setattr(resampling, "_CELLS_AT_ONCE", 10)

    assert draws(11, lambda weights: weights.sum(axis=1).astype(float)).size == RESAMPLES


def test_counted_rows_spread_like_the_rows_themselves():
    counts = np.array([300, 100])
    rows = np.repeat([1.0, 0.0], counts)

    by_row = draws(400, lambda w: (w @ rows) / w.sum(axis=1))
    by_count = draws_of_counts(counts, lambda w: w[:, 0] / w.sum(axis=1))

    assert by_count.mean() == pytest.approx(by_row.mean(), abs=0.003)
    assert by_count.std() == pytest.approx(by_row.std(), rel=0.1)
