# ruff: noqa: DTZ001 - times without a zone are part of the subject
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.tables.windows import cut_window, window_of, with_times
from mlgitops.model.dataset import Window
from mlgitops.model.errors import SpecError


def days(*numbers: int) -> pa.Table:
    moments = [datetime(2013, 1, number, tzinfo=UTC) for number in numbers]
    return with_times(pa.table({"t": moments, "day": numbers}), "t")


@pytest.mark.parametrize(
    ("window", "kept"),
    [
        (Window(date(2013, 1, 3), None, None), [5, 3, 4]),
        (Window(None, date(2013, 1, 3), None), [1, 2]),
        (Window(date(2013, 1, 2), date(2013, 1, 4), None), [3, 2]),
        (Window(None, None, timedelta(days=2)), [5, 4]),
        (Window(None, date(2013, 1, 5), timedelta(days=2)), [3, 4]),
        (Window(datetime(2013, 1, 4, 12), None, None), [5]),
        (Window(None, None, timedelta(days=999_999)), [5, 1, 3, 2, 4]),
    ],
)
def test_start_is_in_end_is_out_and_last_counts_from_the_newest_row(
    window: Window, kept: list[int]
) -> None:
    assert cut_window(days(5, 1, 3, 2, 4), "t", window).column("day").to_pylist() == kept


def test_an_empty_window_is_refused_and_the_hint_says_what_there_is() -> None:
    with pytest.raises(SpecError) as caught:
        cut_window(days(3, 5), "t", Window(date(2014, 1, 1), date(2014, 2, 1), None))

    assert caught.value.message == "no rows left in the window from 2014-01-01, before 2014-02-01"
    assert caught.value.hint == ("'t' reaches from 2013-01-03T00:00:00Z to 2013-01-05T00:00:00Z")


@pytest.mark.parametrize(
    "values",
    [
        ["2013-01-01T05:00:00Z", "2013-01-01T08:30:00+02:00"],
        ["2013-01-01 05:00:00", "2013-01-01T06:30"],
        [datetime(2013, 1, 1, 5), datetime(2013, 1, 1, 6, 30)],
        pa.array([1357016400, 1357021800], pa.timestamp("s", "America/New_York")),
    ],
)
def test_text_and_zones_become_utc(values: Any) -> None:
    table = with_times(pa.table({"t": values}), "t")

    assert table.schema.field("t").type == pa.timestamp("us", "UTC")
    assert window_of(table, "t") == {
        "first": "2013-01-01T05:00:00Z",
        "last": "2013-01-01T06:30:00Z",
    }


def test_dates_are_midnights() -> None:
    table = with_times(pa.table({"t": [date(2013, 1, 2), date(2013, 1, 1)]}), "t")

    assert window_of(table, "t") == {
        "first": "2013-01-01T00:00:00Z",
        "last": "2013-01-02T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1357016400], "is int64 and holds no times"),
        (["yesterday"], "is string and holds no times"),
        (["2013-01-01T05:00:00Z", "2013-01-01T05:00:00"], "holds no times"),
        ([None], "is null and holds no times"),
        ([datetime(2013, 1, 1), None, None], "is empty in 2 of 3 rows"),
        (pa.array([2**62], pa.timestamp("us")), "years outside 1 to 9999"),
        (pa.array([2**40], pa.timestamp("s")), "holds no times|years outside"),
    ],
)
def test_a_column_that_cannot_order_the_rows_is_refused(values: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        with_times(pa.table({"t": values}), "t")
