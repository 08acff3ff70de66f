from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata  # noqa: TID253 - the reference
from sklearn.metrics import (  # noqa: TID253 - the reference
    average_precision_score,
    roc_auc_score,
)

from mlgitops.evaluation.ranking import (
    area,
    average_precision,
    influence,
    midranks,
    placements,
)
from mlgitops.evaluation.undefined import Undefined

SCORED = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60).filter(
    lambda rows: len({hit for hit, _ in rows}) == 2
)


def columns(rows):
    return np.array([hit for hit, _ in rows]), np.array([score for _, score in rows], float)


def variance(influences):
    return np.square(influences).sum()


def naive_covariance(is_positive, first, second):
    """DeLong's S10 / m + S01 / n for the difference, pair by pair, as the paper writes it."""

    def components(scores):
        x, y = scores[is_positive], scores[~is_positive]
        psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
        return psi.mean(axis=1), psi.mean(axis=0)

    (first10, first01), (second10, second01) = components(first), components(second)
    s10, s01 = np.cov(first10, second10), np.cov(first01, second01)
    whole = s10 / first10.size + s01 / first01.size
    contrast = np.array([1.0, -1.0])
    return whole, contrast @ whole @ contrast


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1))
def test_midranks_are_the_average_ranks(values):
    assert np.array_equal(midranks(np.array(values)), rankdata(values))


@settings(deadline=None)
@given(SCORED)
def test_area_and_placements_agree_with_scikit_learn(rows):
    is_positive, scores = columns(rows)
    expected = pytest.approx(roc_auc_score(is_positive, scores), abs=1e-12)
    found = placements(is_positive, scores)

    assert found[is_positive].mean() == expected
    assert found[~is_positive].mean() == expected
    assert area(is_positive, midranks(scores)) == expected


@pytest.mark.parametrize("levels", [3, 20, 10**9])
def test_delong_variances_are_those_of_the_pairwise_definition(levels):
    generator = np.random.default_rng(levels)
    is_positive = generator.random(150) < 0.3
    signal = generator.normal(size=150) + is_positive
    first, second = (np.round((signal + generator.normal(size=150)) * levels / 8) for _ in range(2))
    whole, of_difference = naive_covariance(is_positive, first, second)

    ours, theirs = (influence("roc_auc", is_positive, scores) for scores in (first, second))

    assert variance(ours) == pytest.approx(whole[0, 0], rel=1e-10)
    assert variance(theirs) == pytest.approx(whole[1, 1], rel=1e-10)
    assert variance(ours - theirs) == pytest.approx(of_difference, rel=1e-10)


@settings(deadline=None)
@given(SCORED)
def test_average_precision_is_scikit_learns(rows):
    is_positive, scores = columns(rows)

    expected = average_precision_score(is_positive, scores)
    assert average_precision(is_positive, scores) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(SCORED.filter(lambda rows: 2 <= sum(hit for hit, _ in rows) <= len(rows) - 2))
def test_influence_on_average_precision_is_its_derivative_by_the_rows_weight(rows):
    is_positive, scores = columns(rows)
    step, weights = 1e-6, np.eye(scores.size)

    def weighted(change):
        return average_precision_score(is_positive, scores, sample_weight=1 + change)

    slopes = [(weighted(step * row) - weighted(-step * row)) / (2 * step) for row in weights]

    found = influence("average_precision", is_positive, scores)
    correction = np.sqrt(scores.size / (scores.size - 1))
    assert found == pytest.approx(np.array(slopes) * correction, abs=1e-8)


@pytest.mark.parametrize("levels", [4, 10**9])
def test_the_variance_of_average_precision_is_the_bootstraps(levels):
    generator = np.random.default_rng(levels)
    is_positive = generator.random(800) < 0.3
    signal = generator.normal(size=800) + is_positive
    first, second = (np.round((signal + generator.normal(size=800)) * levels / 8) for _ in range(2))
    moved = [influence("average_precision", is_positive, scores) for scores in (first, second)]

    draws = np.array(
        [
            [
                average_precision_score(is_positive, scores, sample_weight=weights)
                for scores in (first, second)
            ]
            for weights in generator.poisson(1, (400, 800))
        ]
    )

    # The spread of 400 draws is itself known to 1 / sqrt(800), 3.5 %.
    assert variance(moved[0]) ** 0.5 == pytest.approx(draws[:, 0].std(), rel=0.12)
    assert variance(moved[0] - moved[1]) ** 0.5 == pytest.approx(
        (draws[:, 0] - draws[:, 1]).std(), rel=0.12
    )


def test_one_class_has_no_ranking():
    is_positive = np.ones(3, bool)

    for attempt in (
        lambda: placements(is_positive, np.arange(3.0)),
        lambda: area(is_positive, np.arange(3.0)),
        lambda: average_precision(is_positive, np.arange(3.0)),
    ):
        with pytest.raises(Undefined):
            attempt()


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("only", [True, False])
def test_one_row_of_a_class_has_no_variance(metric, only):
    is_positive = np.array([only, not only, not only])

    with pytest.raises(Undefined):
        influence(metric, is_positive, np.arange(3.0))
