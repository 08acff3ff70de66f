from __future__ import annotations

import numpy as np
import pytest
from scipy import stats  # noqa: TID253 - the reference

from mlgitops.evaluation import areas, intervals
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.samples import Sample
from mlgitops.evaluation.undefined import Undefined

AREAS = ["roc_auc", "average_precision"]


def contest(positives=20, rows=120, seed=0):
    draw = np.random.default_rng(seed)
    truth = (np.arange(rows) < positives).astype(np.int64)
    scores = 1 / (1 + np.exp(-truth - draw.normal(size=(2, rows))))
    return truth, tuple(Predictions("binary-classification", one) for one in scores)


def test_degrees_of_freedom_are_welchs():
    """Those of scipy for the two classes' contrasts of placements."""
    truth, models = contest()
    moved = areas.ranking.influence("roc_auc", truth == 1, models[0].scores)
    moved -= areas.ranking.influence("roc_auc", truth == 1, models[1].scores)
    # Back from influences to what each row contributes, so that scipy sees two samples.
    sides = [moved[truth == one] * np.sqrt(n * (n - 1)) for one, n in ((1, 20), (0, 100))]

    found = areas.spread("roc_auc", Sample(truth), models, 0.1, 0.95)

    assert found.df == pytest.approx(stats.ttest_ind(*sides, equal_var=False).df)
    assert found.interval.high == pytest.approx(0.1 + stats.t.ppf(0.975, found.df) * found.se)


@pytest.mark.parametrize("metric", AREAS)
def test_clusters_of_one_row_have_the_degrees_of_freedom_of_rows(metric):
    truth, models = contest()

    rows = areas.spread(metric, Sample(truth), models, 0.0, 0.95)
    clusters = areas.spread(metric, Sample(truth, np.arange(120)), models, 0.0, 0.95)

    assert clusters.df == pytest.approx(rows.df)
    assert clusters.se == pytest.approx(rows.se, rel=0.01)


@pytest.mark.parametrize("metric", AREAS)
def test_clusters_have_one_degree_less_than_there_are_at_most(metric):
    truth, models = contest(positives=60)

    found = areas.spread(metric, Sample(truth, np.arange(120) % 8), models, 0.0, 0.95)

    assert 0 < found.df <= 7


@pytest.mark.parametrize("metric", AREAS)
def test_a_spread_that_is_not_seen_is_0(metric):
    truth = np.repeat([0, 1], 10)
    scores = np.linspace(0, 1, 20)
    models = tuple(
        Predictions("binary-classification", one)
        for one in (scores, np.concatenate([scores[:10][::-1], scores[10:]]))
    )

    assert areas.spread(metric, Sample(truth), models, 0.0, 0.95).se == 0


@pytest.mark.parametrize("metric", AREAS)
def test_rankings_that_are_alike_are_pairs_that_never_disagree(metric):
    truth, (model, _) = contest(positives=7)
    half = Predictions("binary-classification", model.scores / 2)

    found = areas.spread(metric, Sample(truth), (model, half), 0.0, 0.9)

    assert found == intervals.paired_shares(0, 0, 7, 0.9)


@pytest.mark.parametrize("positives", [4, 116])
def test_fewer_than_five_rows_of_a_class_are_too_few(positives):
    truth, models = contest(positives)

    with pytest.raises(Undefined, match="needs 5 independent rows of each class"):
        areas.spread("roc_auc", Sample(truth), models, 0.0, 0.95)


def test_equal_scores_are_no_certainty_that_other_rows_have_them():
    truth, (model, _) = contest()
    constant = Predictions("binary-classification", np.full(120, 0.2))
    fewer = min(truth.sum(), 120 - truth.sum())

    found = areas.interval("roc_auc", 0.5, Sample(truth), constant, 0.95)

    assert found == intervals.wilson(0.5, fewer, 0.95)
    low, high = areas.interval("roc_auc", 0.5, Sample(truth), model, 0.95)
    assert low < 0.5 < high
    with pytest.raises(Undefined):
        areas.interval("roc_auc", 0.5, Sample(truth, np.zeros(120, np.int64)), constant, 0.95)
