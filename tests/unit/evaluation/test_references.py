"""The numbers of other implementations for the same rows: scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats  # noqa: TID253 - the reference
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from mlgitops.evaluation.compare import compare
from mlgitops.evaluation.metrics import estimate, point
from mlgitops.evaluation.predictions import Predictions
from mlgitops.model.claims import p_better, p_worse

BINARY, REGRESSION = "binary-classification", "regression"
LEVEL = 0.9


def regressed(rows=400, seed=0):
    """Truth, cluster codes, and two models whose errors are shared within clusters."""
    draw = np.random.default_rng(seed)
    codes = np.sort(draw.integers(0, 40, rows))
    truth = draw.normal(size=rows)
    shared = draw.normal(size=(40, 2))[codes]
    models = truth[:, None] + 0.5 * shared + draw.normal(0, [0.4, 0.6], (rows, 2))
    return truth, codes, *(Predictions(REGRESSION, model) for model in models.T)


def classified(rows=400, seed=0):
    draw = np.random.default_rng(seed)
    scores = draw.random((2, rows))
    truth = (draw.random(rows) < scores[0]).astype(np.int64)
    return truth, *(Predictions(BINARY, one) for one in scores)


def errors(truth, model):
    return np.abs(model.scores - truth)


def test_a_paired_t_and_its_claims_are_scipys():
    truth, _, ours, theirs = regressed()
    gains = errors(truth, theirs), errors(truth, ours)
    expected = stats.ttest_rel(*gains)
    interval = expected.confidence_interval(LEVEL)

    found = compare("mae", truth, ours, theirs, LEVEL)

    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert found["delta"] / found["se"] == pytest.approx(expected.statistic, rel=1e-9)
    assert found["df"] == expected.df
    for claim, alternative in ((p_better, "greater"), (p_worse, "less")):
        assert claim(found, 0.0) == pytest.approx(
            stats.ttest_rel(*gains, alternative=alternative).pvalue, abs=1e-12
        )


def test_a_mean_is_statsmodels():
    truth, _, ours, _ = regressed()
    low, high = DescrStatsW(errors(truth, ours)).tconfint_mean(1 - LEVEL)

    found = estimate("mae", truth, ours, LEVEL)

    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-9)


def test_a_share_is_statsmodels_and_scipys():
    truth, model, _ = classified()
    right = int(((model.scores >= 0.5) == truth).sum())
    wilson = stats.binomtest(right, truth.size).proportion_ci(LEVEL, method="wilson")

    found = estimate("accuracy", truth, model, LEVEL)

    expected = proportion_confint(right, truth.size, 1 - LEVEL, method="wilson")
    assert (found["low"], found["high"]) == pytest.approx(expected, abs=1e-9)
    assert (found["low"], found["high"]) == pytest.approx((wilson.low, wilson.high), abs=1e-9)


def test_means_of_clusters_are_the_cluster_robust_regression_of_statsmodels():
    truth, codes, ours, theirs = regressed()
    gains = errors(truth, theirs) - errors(truth, ours)
    fitted = sm.OLS(gains, np.ones(gains.size)).fit(
        cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )
    alone = sm.OLS(errors(truth, ours), np.ones(gains.size)).fit(
        cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )

    both = compare("mae", truth, ours, theirs, LEVEL, codes)
    one = estimate("mae", truth, ours, LEVEL, codes)

    assert (both["delta"], both["se"]) == pytest.approx((fitted.params[0], fitted.bse[0]), abs=1e-9)
    assert (both["low"], both["high"]) == pytest.approx(fitted.conf_int(1 - LEVEL)[0], abs=1e-9)
    assert (one["low"], one["high"]) == pytest.approx(alone.conf_int(1 - LEVEL)[0], abs=1e-9)
    assert 2 * p_better(both, 0.0) == pytest.approx(fitted.pvalues[0], abs=1e-9)


def test_a_difference_of_accuracies_in_clusters_is_that_regression_too():
    truth, ours, theirs = classified()
    # Clusters of rows that stand three times: far more than Bonett and Price's floor.
    rows, codes = np.repeat(np.arange(truth.size), 3), np.repeat(np.arange(truth.size), 3)
    truth, ours, theirs = truth[rows], ours.take(rows), theirs.take(rows)
    gains = ((ours.scores >= 0.5) == truth) * 1.0 - ((theirs.scores >= 0.5) == truth)
    fitted = sm.OLS(gains, np.ones(gains.size)).fit(
        cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )

    found = compare("accuracy", truth, ours, theirs, LEVEL, codes)

    assert found["se"] == pytest.approx(fitted.bse[0], abs=1e-9)
    assert (found["low"], found["high"]) == pytest.approx(fitted.conf_int(1 - LEVEL)[0], abs=1e-9)


@pytest.mark.parametrize("metric", ["rmse", "r2"])
def test_a_poisson_bootstrap_is_scipys_bootstrap_but_for_the_draws(metric):
    truth, _, ours, theirs = regressed()
    both = np.arange(truth.size)

    def difference(rows):
        chosen = rows.astype(int)
        return point(metric, truth[chosen], ours.take(chosen)) - point(
            metric, truth[chosen], theirs.take(chosen)
        )

    drawn = stats.bootstrap(
        (both,), difference, n_resamples=2000, vectorized=False, rng=1,
        confidence_level=LEVEL, method="percentile",
    )  # fmt: skip
    sign = 1 if metric == "r2" else -1

    found = compare(metric, truth, ours, theirs, LEVEL)

    # The ends of 1,000 and 2,000 draws vary by a sixteenth of the standard error or so.
    ends = sorted(sign * end for end in drawn.confidence_interval)
    assert (found["low"], found["high"]) == pytest.approx(ends, abs=0.25 * found["se"])
    assert found["se"] == pytest.approx(drawn.standard_error, rel=0.1)
