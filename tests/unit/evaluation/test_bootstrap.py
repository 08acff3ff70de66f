from __future__ import annotations

import numpy as np
import pytest

from mlgitops.evaluation import bootstrap
from mlgitops.evaluation.metrics import point
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.resampling import RESAMPLES
from mlgitops.evaluation.samples import Sample
from mlgitops.evaluation.undefined import Undefined

METRICS = ["rmse", "r2", "precision", "f1", "f1_macro"]


def contest(metric, rows=150):
    draw = np.random.default_rng(0)
    if metric == "f1_macro":
        tables = draw.dirichlet(np.ones(3), (2, rows))
        models = [Predictions("multiclass-classification", one, ("a", "b", "c")) for one in tables]
        return draw.integers(0, 3, rows), *models
    if metric in ("rmse", "r2"):
        truth = draw.normal(size=rows)
        shown = truth + draw.normal(0, [[0.3], [0.4]], (2, rows))
        return truth, *(Predictions("regression", one) for one in shown)
    scores = draw.random((2, rows))
    truth = (draw.random(rows) < scores[0]).astype(np.int64)
    return truth, *(Predictions("binary-classification", one) for one in scores)


@pytest.mark.parametrize("is_clustered", [False, True])
@pytest.mark.parametrize("metric", METRICS)
def test_draws_lie_around_the_values(metric, is_clustered):
    truth, first, second = contest(metric)
    sample = Sample(truth, np.arange(truth.size) // 3 if is_clustered else None)
    values = [point(metric, truth, model) for model in (first, second)]

    alone = bootstrap.of_one(metric, sample, first)
    both = bootstrap.of_difference(metric, sample, first, second)

    assert alone.shape == both.shape == (RESAMPLES,)
    assert np.nanmean(alone) == pytest.approx(values[0], abs=0.5 * np.nanstd(alone))
    assert np.nanmean(both) == pytest.approx(values[0] - values[1], abs=0.5 * np.nanstd(both))


@pytest.mark.parametrize("is_clustered", [False, True])
@pytest.mark.parametrize("metric", METRICS)
def test_both_models_see_the_same_resamples(metric, is_clustered):
    truth, first, _ = contest(metric)
    sample = Sample(truth, np.arange(truth.size) // 3 if is_clustered else None)

    assert not np.nan_to_num(bootstrap.of_difference(metric, sample, first, first)).any()


@pytest.mark.parametrize("metric", METRICS)
def test_one_cluster_is_undefined(metric):
    truth, first, second = contest(metric)
    sample = Sample(truth, np.zeros(truth.size, np.int64))

    with pytest.raises(Undefined):
        bootstrap.of_one(metric, sample, first)
    with pytest.raises(Undefined):
        bootstrap.of_difference(metric, sample, first, second)
