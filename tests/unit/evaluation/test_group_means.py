from __future__ import annotations

import math

import numpy as np
import pytest

from mlgitops.evaluation import intervals
from mlgitops.evaluation.group_means import correlation, mean_of
from mlgitops.evaluation.undefined import Undefined

DRAW = np.random.default_rng(5)


def test_a_share_of_independent_rows_is_wilsons() -> None:
    found = mean_of(np.array([1.0] * 12 + [0.0] * 28), "share")

    assert (found.value, found.n, found.method, found.clusters) == (0.3, 40, "wilson", 0)
    assert found.interval(0.9) == intervals.wilson(0.3, 40, 0.9)
    assert found.se == pytest.approx(math.sqrt(0.3 * 0.7 / 39))


def test_other_means_are_students_t() -> None:
    values = DRAW.normal(3, 1, 20)

    expected = intervals.mean_spread(values, 0.95, 1.0).interval

    assert mean_of(values, "signed").interval(0.95) == pytest.approx(expected)
    assert mean_of(values, "signed").method == "t"


def test_an_amount_is_never_below_0() -> None:
    values = np.array([0.0, 0.0, 0.0, 10.0])

    assert mean_of(values, "signed").interval(0.95).low < 0
    assert mean_of(values, "amount").interval(0.95).low == 0


def test_clusters_of_one_row_are_as_good_as_rows() -> None:
    values = DRAW.normal(0, 1, 50)
    alone = mean_of(values, "signed")
    each = mean_of(values, "signed", np.arange(50))

    assert each.se == pytest.approx(alone.se)
    assert each.interval(0.95) == pytest.approx(alone.interval(0.95))
    assert (each.method, each.clusters) == ("cluster-t", 50)


def test_repeated_rows_tell_no_more_than_one() -> None:
    """Ten copies of each row, in clusters of ten."""
    shares = (DRAW.random(80) < 0.4).astype(float)
    copies, codes = np.repeat(shares, 10), np.repeat(np.arange(80), 10)
    once, copied = mean_of(shares, "share"), mean_of(copies, "share", codes)

    assert copied.se == pytest.approx(once.se)
    # One degree of freedom, and t for the normal quantile.
    assert copied.interval(0.95) == pytest.approx(once.interval(0.95), abs=0.003)
    assert copied.interval(0.95).low < once.interval(0.95).low


def test_a_share_without_spread_counts_each_cluster_once() -> None:
    found = mean_of(np.ones(60), "share", np.repeat(np.arange(6), 10))

    assert found.interval(0.95) == intervals.wilson(1.0, 6, 0.95, 5)


def test_clusters_that_even_out_claim_no_more_rows_than_there_are() -> None:
    values = np.array([0.0, 1.0] * 20)

    found = mean_of(values, "share", np.repeat(np.arange(20), 2))

    assert found.se == 0
    assert found.interval(0.95) == intervals.wilson(0.5, 20, 0.95, 19)


@pytest.mark.parametrize(
    ("values", "kind", "clusters"),
    [
        ([], "share", None),
        ([], "share", []),
        ([1.0], "signed", None),
        ([1.0, 0.0], "share", [3, 3]),
        ([1e308, 1e308], "amount", None),
        # No spread is luck, or too few rows.
        ([1.0, 1.0], "amount", None),
        ([0.1 + 0.2, 0.3], "signed", None),
        ([1.0, 2.0, 1.0, 2.0], "amount", [0, 0, 1, 1]),
    ],
)
def test_too_few_and_too_large_numbers_have_no_mean(values, kind, clusters) -> None:
    codes = None if clusters is None else np.array(clusters, np.int64)

    with pytest.raises(Undefined):
        mean_of(np.array(values, np.float64), kind, codes)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e200])
def test_the_size_of_the_numbers_does_not_matter(scale) -> None:
    values, codes = DRAW.normal(0, 1, 30), np.arange(30) // 3
    usual, scaled = (mean_of(values * by, "signed", codes) for by in (1.0, scale))

    assert scaled.se / scale == pytest.approx(usual.se)
    assert correlation([scaled, usual])[0, 1] == pytest.approx(1)


def test_an_interval_that_is_too_wide_to_compute_is_none() -> None:
    with pytest.raises(Undefined, match="too large"):
        mean_of(np.array([1e308, -1e308]), "signed").interval(0.95)


def test_one_row_is_a_share_and_nothing_certain() -> None:
    assert mean_of(np.ones(1), "share").interval(0.95) == intervals.wilson(1.0, 1, 0.95)


def test_groups_of_independent_rows_do_not_move_together() -> None:
    means = [mean_of(DRAW.normal(0, 1, 9), "signed") for _ in range(3)]

    assert correlation(means).tolist() == np.zeros((3, 3)).tolist()


def test_the_correlation_is_that_of_the_clusters_pulls() -> None:
    """Two rows of each cluster, one in either group: the rows' own correlation."""
    first = DRAW.normal(0, 1, 40)
    second = 0.5 * first + DRAW.normal(0, 1, 40)
    third = DRAW.normal(0, 1, 40)
    means = [mean_of(values, "signed", np.arange(40)) for values in (first, second)]
    elsewhere = mean_of(third, "signed", np.arange(100, 140))

    found = correlation([*means, elsewhere])

    assert found[0, 1] == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert found[0, 0] == pytest.approx(1)
    assert found[2, :2].tolist() == [0, 0]


def test_a_group_without_spread_moves_with_nothing() -> None:
    flat = mean_of(np.ones(4), "share", np.array([0, 0, 1, 1]))
    other = mean_of(np.array([1.0, 0.0]), "share", np.array([0, 1]))

    assert correlation([flat, other])[0, 1] == 0


def test_rounding_pulls_in_no_direction() -> None:
    """Like clusters of thirds: their sums differ from 0 by rounding only."""
    codes = np.repeat(np.arange(7), 13)
    like = mean_of(np.tile([1.0] * 4 + [0.0] * 9, 7), "share", codes)
    other = mean_of(np.tile([1.0] * 6 + [0.0] * 7, 7), "share", codes)

    assert like.se == 0
    assert like.interval(0.95) == intervals.wilson(like.value, 7, 0.95, 6)
    assert abs(correlation([like, other])[0, 1]) < 1e-9
