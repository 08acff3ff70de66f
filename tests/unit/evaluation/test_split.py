from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation.split import holdout
from mlgitops.model.errors import SpecError

DAY = np.datetime64("2013-01-01", "us")


def days(numbers):
    return DAY + np.array(numbers) * np.timedelta64(1, "D")


def by_time(times, size, labels=None):
    return holdout("time", rows=len(times), holdout=size, column=times, labels=labels, seed=7)


def by_group(groups, size, seed=7):
    column = np.array(groups, object)
    return holdout("group", rows=len(groups), holdout=size, column=column, labels=None, seed=seed)


def by_class(labels, size, seed=7):
    return holdout(
        "stratified", rows=len(labels), holdout=size, column=None, labels=labels, seed=seed
    )


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=80).filter(lambda d: len(set(d)) > 1),
    st.floats(0.01, 0.99),
)
def test_a_time_split_never_straddles_and_comes_nearest_to_the_share(numbers, share):
    times = days(numbers)

    mask = by_time(times, share)

    assert times[~mask].max() < times[mask].min()
    sizes = [np.count_nonzero(times >= cut) for cut in np.unique(times)[1:]]
    assert abs(mask.sum() - share * mask.size) == min(abs(s - share * mask.size) for s in sizes)


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=60).filter(lambda d: max(d) - min(d) > 9))
def test_a_duration_holds_out_that_stretch(numbers):
    times = days(numbers)

    mask = by_time(times, timedelta(days=9))

    assert np.array_equal(mask, np.array(numbers) > max(numbers) - 9)


def test_a_duration_of_daily_rows_is_that_many_days():
    assert by_time(days(range(365)), timedelta(days=30)).sum() == 30


def test_numbers_can_be_times_for_a_share_only():
    years = np.array([2010, 2011, 2012, 2013, 2013])

    assert by_time(years, 0.4).tolist() == [False, False, False, True, True]
    with pytest.raises(SpecError, match="a holdout of 30d needs times, but the column is int64"):
        by_time(years, timedelta(days=30))


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=4, max_size=100).filter(
        lambda found: all(found.count(one) > 1 for one in found) and len(set(found)) > 1
    ),
    st.floats(0.05, 0.95),
    st.integers(0, 99),
)
def test_a_stratified_split_takes_the_share_of_each_class(found, share, seed):
    labels = np.array(found)

    mask = by_class(labels, share, seed)

    for label in set(found):
        rows = found.count(label)
        assert 1 <= mask[labels == label].sum() <= rows - 1
        assert abs(mask[labels == label].sum() - share * rows) <= 1
    assert np.array_equal(mask, by_class(labels, share, seed))


def test_the_seed_chooses_the_rows():
    labels = np.arange(100) % 2

    assert not np.array_equal(by_class(labels, 0.2, 1), by_class(labels, 0.2, 2))


def test_class_names_and_a_lonely_row_are_fine():
    labels = np.array(["late", "on time"] * 10 + ["cancelled"], object)

    mask = by_class(labels, 0.2)

    assert mask.sum() == 4
    assert not mask[-1]


def test_without_labels_rows_are_drawn_at_random():
    mask = holdout("stratified", rows=50, holdout=0.2, column=None, labels=None, seed=1)

    assert mask.size == 50
    assert mask.sum() == 10


@settings(deadline=None)
@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=80).filter(
        lambda found: len(set(found)) > 1
    ),
    st.floats(0.05, 0.95),
    st.integers(0, 99),
)
def test_groups_stay_whole_on_two_sides(groups, share, seed):
    mask = by_group(groups, share, seed)

    column = np.array(groups)
    assert set(column[mask]).isdisjoint(column[~mask])
    assert mask.any()
    assert not mask.all()
    assert np.array_equal(mask, by_group(groups, share, seed))


def test_many_groups_meet_the_share_and_mostly_stay_when_rows_come():
    groups = [f"customer {number}" for number in range(1000)]
    more = [*groups, *(f"newcomer {number}" for number in range(300))]

    before, after = by_group(groups, 0.2), by_group(more, 0.2)

    assert before.mean() == pytest.approx(0.2)
    assert after.mean() == pytest.approx(0.2)
    assert (before != after[:1000]).mean() < 0.03


@pytest.mark.parametrize("strategy", ["stratified", "group"])
def test_a_duration_has_a_meaning_for_time_only(strategy):
    with pytest.raises(SpecError, match=f"12h has no meaning for the strategy {strategy}"):
        holdout(
            strategy,
            rows=4,
            holdout=timedelta(hours=12),
            column=np.array(list("abcd"), object),
            labels=None,
            seed=7,
        )


@pytest.mark.parametrize(
    ("strategy", "column", "message"),
    [
        ("time", days([3, 3, 3]), "all 3 rows have the same time"),
        (
            "time",
            np.array(["2013-01-01", "NaT", "NaT"], "datetime64[us]"),
            "null in 2 of 3 rows, first in row 2",
        ),
        ("time", np.array(["a", "b", "c"], object), "neither times nor numbers"),
        ("time", None, "needs a column"),
        ("group", np.array(["a", "a", "a"], object), "holds a only"),
        ("group", np.array(["a", None, "b"], object), "null in 1 of 3 rows, first in row 2"),
        ("group", None, "needs a column"),
    ],
)
def test_a_column_that_cannot_be_split_is_refused(strategy, column, message):
    with pytest.raises(SpecError, match=message) as caught:
        holdout(strategy, rows=3, holdout=0.3, column=column, labels=None, seed=7)

    assert caught.value.hint


@pytest.mark.parametrize("strategy", ["time", "group", "stratified"])
def test_no_rows_are_refused(strategy):
    with pytest.raises(SpecError, match="no rows to split"):
        holdout(strategy, rows=0, holdout=0.3, column=days([]), labels=None, seed=7)


def test_an_empty_side_is_refused():
    with pytest.raises(SpecError, match="leaves no row of 3 for train"):
        by_time(days([1, 2, 3]), timedelta(days=30))
    with pytest.raises(SpecError, match="leaves no row of 1 for holdout"):
        holdout("stratified", rows=1, holdout=0.2, column=None, labels=None, seed=7)


def test_a_side_with_one_class_is_refused():
    with pytest.raises(
        SpecError, match="all 2 rows of holdout have one class after the time split"
    ):
        by_time(days([1, 2, 3, 4]), 0.5, labels=np.array([0, 1, 1, 1]))
    with pytest.raises(SpecError, match="of train have one class"):
        by_time(days([1, 2, 3, 4]), 0.5, labels=np.array([1, 1, 0, 1]))
    with pytest.raises(SpecError, match="one class after the stratified split") as caught:
        by_class(np.array([0] * 9 + [1]), 0.2)

    assert "stratified" not in (caught.value.hint or "")
    assert "two rows" in (caught.value.hint or "")
