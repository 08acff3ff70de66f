# ruff: noqa: DTZ001 - times without a zone are part of the subject
from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.adapters.tables.joining import left_join
from mlgitops.model.errors import SpecError


def test_rows_keep_their_order_and_unmatched_ones_get_nulls() -> None:
    base = pa.table({"k": [3, 1, 9, 3], "v": ["a", "b", "c", "d"]})
    other = pa.table({"w": ["one", "two", "three"], "k": [1, 2, 3]})

    joined = left_join(base, other, ["k"], "other")

    assert joined.to_pydict() == {
        "k": [3, 1, 9, 3],
        "v": ["a", "b", "c", "d"],
        "w": ["three", "one", None, "three"],
    }


def test_a_column_of_the_base_stays_and_the_others_is_left_out() -> None:
    base = pa.table({"k": [1, 2], "year": [2013, 2014]})
    other = pa.table({"k": [2, 1], "year": [0, 0], "temp": [20.0, 10.0]})

    assert left_join(base, other, ["k"], "other").to_pydict() == {
        "k": [1, 2],
        "year": [2013, 2014],
        "temp": [10.0, 20.0],
    }


def test_null_keys_match_nothing_and_are_no_duplicates() -> None:
    base = pa.table({"a": [None, 1, 1], "b": ["x", None, "x"]})
    other = pa.table({"a": [None, None, 1, 1], "b": ["x", "x", None, "x"], "w": [1, 2, 3, 4]})

    assert left_join(base, other, ["a", "b"], "other").column("w").to_pylist() == [None, None, 4]


def test_repeated_keys_are_refused_with_their_count_and_no_value() -> None:
    base = pa.table({"k": ["secret"], "h": [1]})
    other = pa.table({"k": ["secret"] * 3 + ["other"] * 2 + ["once"], "h": [1] * 6})

    with pytest.raises(SpecError) as caught:
        left_join(base, other, ["k", "h"], "weather")

    assert caught.value.message == (
        "source 'weather': 2 keys (k, h) stand in more than one row, one of them in 3: "
        "the join would multiply rows"
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1, 2], [2.0, 1.0]),
        ([1, 2], pa.array([2, 1], pa.int16())),
        ([1.0, None], [1, 3]),
        (pa.array([1], pa.uint8()), pa.array([1], pa.uint32())),
        ([date(2013, 1, 1)], [datetime(2013, 1, 1, tzinfo=UTC)]),
        ([date(2013, 1, 1), None], [datetime(2013, 1, 1), None]),
        (["2013-01-01T05:00:00Z", None], [datetime(2013, 1, 1, 5, tzinfo=UTC), None]),
        (["2013-01-01 05:00:00", None], pa.array([1357016400000000], pa.timestamp("us", "UTC"))),
        ([datetime(2013, 1, 1, 5)], pa.array([1357016400000000], pa.timestamp("us", "UTC"))),
    ],
)
def test_keys_of_different_types_are_compared_by_value(left: Any, right: Any) -> None:
    joined = left_join(
        pa.table({"k": left}), pa.table({"k": right, "w": [7] * len(right)}), ["k"], "other"
    )

    assert joined.column("w")[0].as_py() == 7
    assert joined.column("k").to_pylist() == pa.array(left).to_pylist()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1], ["1"]),
        (["01"], [1]),
        ([True], [1]),
        ([2**60 + 1], [0.5]),
        (["not a time"], [datetime(2013, 1, 1)]),
        ([1], [datetime(2013, 1, 1)]),
    ],
)
def test_keys_that_cannot_be_compared_without_loss_are_refused(left: Any, right: Any) -> None:
    with pytest.raises(SpecError, match="source 'other': the key 'k' is "):
        left_join(pa.table({"k": left}), pa.table({"k": right}), ["k"], "other")


def test_a_join_that_matches_no_row_is_refused() -> None:
    with pytest.raises(SpecError, match="source 'other': no row matches on k"):
        left_join(pa.table({"k": [1]}), pa.table({"k": [2], "w": [1]}), ["k"], "other")


def test_a_key_that_a_table_lacks_is_named_with_near_misses() -> None:
    with pytest.raises(
        SpecError, match=r"source 'other' has no column 'key' \(join key\)"
    ) as caught:
        left_join(pa.table({"key": [1]}), pa.table({"keys": [1]}), ["key"], "other")

    assert caught.value.hint == "did you mean 'keys'?"


keys = st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from("abc"))


@given(base=st.lists(keys, min_size=1), other=st.lists(keys, min_size=1, unique=True))
def test_a_join_is_a_look_up(base: list[Any], other: list[Any]) -> None:
    look_up = {key: row for row, key in enumerate(other) if None not in key}
    expected = [look_up.get(key) for key in base]
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    left = pa.table([[k[0] for k in base], [k[1] for k in base]], schema=schema)
    right = pa.table([[k[0] for k in other], [k[1] for k in other]], schema=schema)
    right = right.append_column("w", pa.array(range(len(other))))

    if any(row is not None for row in expected):
        assert left_join(left, right, ["a", "b"], "other").column("w").to_pylist() == expected
    else:
        with pytest.raises(SpecError, match="no row matches"):
            left_join(left, right, ["a", "b"], "other")
