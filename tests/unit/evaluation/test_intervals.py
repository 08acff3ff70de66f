from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # noqa: TID253 - the reference

from mlgitops.evaluation import intervals
from mlgitops.evaluation.intervals import Interval
from mlgitops.evaluation.undefined import Undefined


@settings(deadline=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts):
    hits, trials = counts
    expected = stats.binomtest(hits, trials).proportion_ci(0.9, method="wilson")

    low, high = intervals.wilson(hits / trials, trials, 0.9)

    assert low == pytest.approx(expected.low, abs=1e-12)
    assert high == pytest.approx(expected.high, abs=1e-12)


def test_wilson_has_a_width_when_every_trial_succeeds():
    assert intervals.wilson(1.0, 5, 0.95).low == pytest.approx(0.5655, abs=1e-4)


def test_mean_is_students_t():
    values = np.array([1.0, 2.0, 4.0, 8.0])
    expected = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))

    assert intervals.mean_spread(values, 0.95, 8.0).interval == pytest.approx(expected)


def test_paired_shares_is_bonett_and_prices_formula():
    # p12 = 13/102, p21 = 6/102, by hand from the published formula.
    (low, high), se, df = intervals.paired_shares(12, 5, 100, 0.95)
    reach = 1.959963984540054 * ((19 / 102 - (7 / 102) ** 2) / 102) ** 0.5

    assert (low, high) == pytest.approx((7 / 102 - reach, 7 / 102 + reach))
    assert (se * 1.959963984540054, df) == (pytest.approx(reach), 0)


def test_paired_shares_keeps_its_width_without_disagreement():
    low, high = intervals.paired_shares(0, 0, 10, 0.95).interval

    assert low == -high < -0.1


def test_paired_shares_of_few_clusters_have_students_t():
    few, many = (intervals.paired_shares(0, 0, 3, 0.95, df) for df in (2, 0))

    assert few.se == many.se
    assert few.interval.high == pytest.approx(min(1, 4.302652730 * few.se))
    assert many.interval.high == pytest.approx(1.959963985 * many.se)


def test_area_of_a_perfect_ranking_is_not_certain():
    assert intervals.area(1.0, 0.0, 10, 0.95) == intervals.wilson(1.0, 10, 0.95)
    assert intervals.area(0.0, 0.0, 10, 0.95).high == pytest.approx(0.2775, abs=1e-4)


def test_an_area_without_spread_rests_on_the_largest_that_it_can_have():
    assert intervals.area(0.5, 0.0, 10, 0.95) == intervals.wilson(0.5, 10, 0.95)


def test_rounding_is_no_spread():
    thirds = np.array([0.1 + 0.2, 0.3])

    assert thirds.std() > 0
    assert intervals.mean_spread(thirds, 0.95, 0.3).se == 0
    assert intervals.mean_spread(thirds * 1e-20, 0.95, 0.3e-20).se == 0
    assert intervals.mean_spread(thirds, 0.95, 1e-6).se > 0
    assert intervals.percentile_spread(np.tile(thirds, 50), 0.95, 0.3).se == 0


@settings(deadline=None)
@given(st.floats(0.001, 0.999), st.floats(0, 0.25), st.floats(0.5, 0.999))
def test_area_stays_within_its_range_and_mirrors(value, se, confidence):
    low, high = intervals.area(value, se, 9, confidence)
    mirrored = intervals.area(1 - value, se, 9, confidence)

    assert 0 <= low <= value + 1e-12
    assert value - 1e-12 <= high <= 1
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((low, high), abs=1e-9)


def test_percentile_leaves_out_a_few_undefined_resamples():
    draws = np.append(np.linspace(0, 1, 990), np.full(10, np.nan))

    assert intervals.percentile(draws, 0.9) == pytest.approx((0.05, 0.95))


def test_draws_that_differ_in_the_tails_only_have_no_spread():
    draws = np.append(np.full(990, 0.5), np.linspace(0, 1, 10))

    assert intervals.percentile_spread(draws, 0.9, 1.0) == ((0.5, 0.5), 0.0, 0)
    assert intervals.percentile_spread(draws, 0.999, 1.0).se > 0


def test_percentile_of_many_undefined_resamples_is_undefined():
    draws = np.append(np.linspace(0, 1, 900), np.full(100, np.nan))

    with pytest.raises(Undefined):
        intervals.percentile(draws, 0.9)


def test_too_few_rows_have_no_interval():
    for attempt in (
        lambda: intervals.mean_spread(np.ones(1), 0.95, 1.0),
        lambda: intervals.wilson(0.0, 0, 0.95),
        lambda: intervals.paired_shares(0, 0, 0, 0.95),
    ):
        with pytest.raises(Undefined):
            attempt()


def test_within_and_around():
    assert Interval(-1.0, 2.0).within(0, 1) == (0, 1)
    assert Interval(0.2, 0.3).around(0.5) == (0.2, 0.5)
    assert Interval(0.2, 0.3).around(0.1) == (0.1, 0.3)
