from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics  # noqa: TID253 - the reference
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation.curves import MAX_POINTS, precision_recall, roc
from mlgitops.evaluation.undefined import Undefined

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), min_size=2, max_size=60).filter(
    lambda rows: len({row[0] for row in rows}) == 2
)


@settings(deadline=None)
@given(ROWS)
def test_a_short_roc_curve_is_scikit_learns(rows):
    truth, levels = np.array(rows).T
    rates = sklearn.metrics.roc_curve(truth, levels, drop_intermediate=False)

    assert np.allclose(roc(truth, levels / 9), np.stack(rates[:2], axis=1))


@settings(deadline=None)
@given(ROWS)
def test_a_short_precision_recall_curve_is_scikit_learns(rows):
    truth, levels = np.array(rows).T
    precision, recall, _ = sklearn.metrics.precision_recall_curve(truth, levels)

    # scikit-learn goes down in recall and ends in an artificial point (0, 1).
    expected = np.stack([recall, precision], axis=1)[-2::-1]
    assert np.allclose(precision_recall(truth, levels / 9), expected)


def test_long_curves_are_thinned_without_losing_their_area():
    generator = np.random.default_rng(0)
    scores = generator.beta(1, 12, 30_000)
    truth = (generator.random(30_000) < scores).astype(np.int64)

    ranks, trade_off = roc(truth, scores), precision_recall(truth, scores)

    assert max(len(ranks), len(trade_off)) <= MAX_POINTS
    assert (ranks[0], ranks[-1]) == ((0, 0), (1, 1))
    assert trade_off[-1][0] == 1
    assert np.trapezoid(*np.array(ranks).T[::-1]) == pytest.approx(
        sklearn.metrics.roc_auc_score(truth, scores), abs=2e-3
    )
    for curve in (ranks, trade_off):
        assert curve == sorted(curve, key=lambda place: place[0])
        assert all(0 <= value <= 1 for place in curve for value in place)


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("curve", [roc, precision_recall])
def test_one_class_has_no_curve(curve, label):
    with pytest.raises(Undefined):
        curve(np.full(3, label), np.array([0.1, 0.2, 0.3]))
