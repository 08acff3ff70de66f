from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation import intervals
from mlgitops.evaluation.gaps import Limits, largest_difference, smallest_ratio, stricter

Z = 1.959963984540054


def shares(counts: list[tuple[int, int]], confidence: float) -> Limits:
    """Wilson's limits of hits among trials."""
    values = np.array([hits / trials for hits, trials in counts])
    ends = [intervals.wilson(hits / trials, trials, confidence) for hits, trials in counts]
    return Limits(values, np.array([end.low for end in ends]), np.array([end.high for end in ends]))


def both(counts: list[tuple[int, int]], confidence: float = 0.95) -> tuple[Limits, Limits]:
    return shares(counts, confidence), shares(counts, stricter(confidence, len(counts)))


def independent(groups: int) -> np.ndarray:
    return np.zeros((groups, groups))


def test_two_shares_are_newcombes_published_examples() -> None:
    """Newcombe 1998, table II, method 10, contrasts a, b, d and h."""
    for counts, low, high in (
        ([(56, 70), (48, 80)], 0.0524, 0.3339),
        ([(9, 10), (3, 10)], 0.1705, 0.8090),
        ([(5, 56), (0, 29)], -0.0381, 0.1926),
        ([(10, 10), (0, 10)], 0.6075, 1.0),
    ):
        found = largest_difference(*both(counts), independent(2))

        assert found.low == pytest.approx(max(low, 0), abs=5e-5)
        assert found.high == pytest.approx(high, abs=5e-5)


def test_two_groups_cost_nothing_and_more_cost_every_ordered_pair() -> None:
    assert stricter(0.95, 2) == pytest.approx(0.95)
    assert stricter(0.95, 3) == pytest.approx(1 - 0.05 / 6)
    assert stricter(0.9, 10) == pytest.approx(1 - 0.1 / 90)


def test_a_ratio_is_the_published_formula_on_logarithms() -> None:
    plain, strict = both([(30, 100), (60, 100)])
    low = 0.5 * np.exp(-np.hypot(np.log(0.3 / plain.low[0]), np.log(plain.high[1] / 0.6)))
    high = 0.5 * np.exp(np.hypot(np.log(plain.high[0] / 0.3), np.log(0.6 / plain.low[1])))

    assert smallest_ratio(plain, strict, independent(2)) == pytest.approx((low, high))


def test_the_ends_are_made_of_every_pair() -> None:
    """The safe end at the interval's own confidence, the other at the stricter one."""
    counts = [(30, 100), (45, 90), (20, 120)]
    plain, strict = both(counts)

    found = largest_difference(plain, strict, independent(3))

    def lower(limits: Limits, i: int, j: int) -> float:
        below, above = limits.values[i] - limits.low[i], limits.high[j] - limits.values[j]
        return float(limits.values[i] - limits.values[j] - np.hypot(below, above))

    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    assert found.low == pytest.approx(max(lower(strict, i, j) for i, j in pairs))
    assert found.high == pytest.approx(max(-lower(plain, j, i) for i, j in pairs))


def test_a_share_of_nothing_has_a_ratio_between_0_and_its_own_limits() -> None:
    plain, strict = both([(0, 50), (25, 50)])

    low, high = smallest_ratio(plain, strict, independent(2))

    assert low == 0
    assert high == pytest.approx(plain.high[0] / plain.low[1])


COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(st.lists(COUNTS, min_size=2, max_size=6), st.floats(0.5, 0.999))
def test_intervals_hold_the_sample_s_own_gap(counts, confidence) -> None:
    plain, strict = both(counts, confidence)
    top, bottom = plain.values.max(), plain.values.min()

    low, high = largest_difference(plain, strict, independent(len(counts)))
    assert 0 <= low <= top - bottom + 1e-12
    assert top - bottom - 1e-12 <= high <= 1 + 1e-12
    if top > 0:
        low, high = smallest_ratio(plain, strict, independent(len(counts)))
        assert 0 <= low <= bottom / top + 1e-12
        assert bottom / top - 1e-12 <= high <= 1


def test_means_that_move_together_are_told_apart_better() -> None:
    limits = Limits(np.array([1.0, 1.5]), np.array([0.8, 1.3]), np.array([1.2, 1.7]))
    together = np.array([[1.0, 0.9], [0.9, 1.0]])

    apart = largest_difference(limits, limits, independent(2))
    paired = largest_difference(limits, limits, together)

    reach = np.sqrt(2 * 0.2**2 * (1 - 0.9))
    assert paired == pytest.approx((0.5 - reach, 0.5 + reach))
    assert apart.low < paired.low < paired.high < apart.high
