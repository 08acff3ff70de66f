from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata  # noqa: TID253 - the reference
from sklearn.metrics import roc_auc_score  # noqa: TID253 - the reference

from mlgitops.evaluation.ranking import area, delong_variance, midranks, placements
from mlgitops.evaluation.undefined import Undefined

SCORED = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60).filter(
    lambda rows: len({hit for hit, _ in rows}) == 2
)


def columns(rows):
    return np.array([hit for hit, _ in rows]), np.array([score for _, score in rows], float)


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

    ours, theirs = placements(is_positive, first), placements(is_positive, second)

    assert delong_variance(is_positive, ours) == pytest.approx(whole[0, 0], rel=1e-10)
    assert delong_variance(is_positive, theirs) == pytest.approx(whole[1, 1], rel=1e-10)
    assert delong_variance(is_positive, ours - theirs) == pytest.approx(of_difference, rel=1e-10)


def test_one_class_has_no_ranking():
    is_positive = np.ones(3, bool)

    for attempt in (
        lambda: placements(is_positive, np.arange(3.0)),
        lambda: area(is_positive, np.arange(3.0)),
    ):
        with pytest.raises(Undefined):
            attempt()


def test_one_row_of_a_class_has_no_variance():
    is_positive = np.array([True, False, False])

    with pytest.raises(Undefined):
        delong_variance(is_positive, placements(is_positive, np.arange(3.0)))
