"""The time column: told apart from text, cut to a window, described."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from mlgitops.adapters.tables.column_types import utc_times
from mlgitops.model.dataset import Window
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import TimeWindow

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def with_times(table: pa.Table, column: str) -> pa.Table:
    """*table*, which has rows, with *column* as `timestamp[us, tz=UTC]`.

    Raises:
        SpecError: *column* holds no times, has nulls, or years outside 1 to 9999.
    """
    times = utc_times(table.column(column))
    if times is None:
        raise SpecError(
            f"the time column {column!r} is {table.schema.field(column).type} and holds no times",
            hint="write ISO 8601, for example 2013-01-31T18:00:00Z, zones everywhere or nowhere",
        )
    if times.null_count:
        raise SpecError(
            f"the time column {column!r} is empty in {times.null_count} of {len(times)} rows",
            hint="a row without a time belongs to no window; fill it or leave the row out",
        )
    cut = table.set_column(table.column_names.index(column), column, times)
    try:
        _first_and_last(cut, column)
    except OverflowError as error:
        raise SpecError(
            f"the time column {column!r} has years outside 1 to 9999",
            hint="look for placeholders such as 99999-01-01",
        ) from error
    return cut


def cut_window(table: pa.Table, column: str, window: Window) -> pa.Table:
    """The rows with *start* <= time < *end*; of these, the *last* stretch.

    *last* reaches back from the newest row, which is in; its far end is not.

    Raises:
        SpecError: no row is left.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = table
    if window.start is not None:
        start = pa.scalar(_moment(window.start), pa.timestamp("us", "UTC"))
        table = table.filter(pc.greater_equal(table.column(column), start))
    if window.end is not None:
        end = pa.scalar(_moment(window.end), pa.timestamp("us", "UTC"))
        table = table.filter(pc.less(table.column(column), end))
    if window.last is not None and len(table):
        _, newest = _first_and_last(table, column)
        try:
            oldest = pa.scalar(newest - window.last, pa.timestamp("us", "UTC"))
        except OverflowError:
            return table
        table = table.filter(pc.greater(table.column(column), oldest))
    if not len(table):
        extent = window_of(whole, column)
        raise SpecError(
            f"no rows left in the window {_described(window)}",
            hint=f"{column!r} reaches from {extent['first']} to {extent['last']}",
        )
    return table


def window_of(table: pa.Table, column: str) -> TimeWindow:
    """First and last time of *table*, which has rows."""
    first, last = _first_and_last(table, column)
    return {"first": _rfc3339(first), "last": _rfc3339(last)}


def _first_and_last(table: pa.Table, column: str) -> tuple[datetime, datetime]:
    import pyarrow.compute as pc

    extremes = pc.min_max(table.column(column))
    # By arithmetic: as_py() would look for a time zone database.
    first, last = (_EPOCH + extremes[key].value * _MICROSECOND for key in ("min", "max"))
    return first, last


def _moment(day: date) -> datetime:
    if isinstance(day, datetime):
        return day if day.tzinfo else day.replace(tzinfo=UTC)
    return datetime.combine(day, time(), tzinfo=UTC)


def _described(window: Window) -> str:
    parts = [
        f"from {window.start}" if window.start else "",
        f"before {window.end}" if window.end else "",
        f"last {window.last}" if window.last else "",
    ]
    return ", ".join(part for part in parts if part)


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
