# ruff: noqa: DTZ001 - times without a zone are part of the subject
from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.adapters.tables.row_hashes import row_hashes

numbers = st.none() | st.floats() | st.integers(-(2**62), 2**62).map(float)
texts = st.none() | st.text()
moments = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))
rows = st.lists(st.tuples(numbers, texts, moments, st.none() | st.booleans()), min_size=1)
schema = pa.schema(
    [("n", pa.float64()), ("s", pa.string()), ("t", pa.timestamp("us")), ("b", pa.bool_())]
)


def hashes(table: pa.Table) -> list[int]:
    return row_hashes(table.columns, len(table)).tolist()


def table_of(content: list[tuple[Any, ...]]) -> pa.Table:
    return pa.table([list(column) for column in zip(*content, strict=True)], schema=schema)


@given(content=rows, cut=st.integers(0, 20))
def test_chunks_and_dictionaries_do_not_show(content: list[tuple[Any, ...]], cut: int) -> None:
    table = table_of(content)
    chunked = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    repeated = pa.concat_tables([table.slice(len(table) // 2), table])

    assert hashes(chunked) == hashes(table)
    assert hashes(repeated)[-len(table) :] == hashes(table)


@given(content=rows)
def test_rows_are_equal_exactly_when_their_hashes_are(content: list[tuple[Any, ...]]) -> None:
    # NaN is a missing number, and 0.0 == -0.0.
    plain = [tuple(None if v != v else v for v in row) for row in content]  # noqa: PLR0124
    by_hash: dict[int, set[Any]] = {}
    for row, value in zip(plain, hashes(table_of(content)), strict=True):
        by_hash.setdefault(value, set()).add(row)

    assert all(len(equal) == 1 for equal in by_hash.values())
    assert len(by_hash) == len(set(plain))


@pytest.mark.parametrize(
    "values",
    [
        pa.array([0, None]),
        pa.array([0.0, None]),
        pa.array(["", None]),
        pa.array([False, None]),
        pa.array([date(1970, 1, 1), None]),
        pa.array([datetime(1970, 1, 1, tzinfo=UTC), None]),
        pa.array([b"", None]),
        pa.array([0, None], pa.duration("us")),
        pa.array([0, None], pa.time64("us")),
        pa.array([2**64 - 1, None], pa.uint64()),
    ],
    ids=lambda values: str(values.type),
)
def test_null_is_not_zero(values: pa.Array) -> None:
    first, second = hashes(pa.table({"x": values}))

    assert first != second


def test_equal_numbers_of_different_types_are_equal() -> None:
    kinds = (pa.int8(), pa.int64(), pa.uint32(), pa.float32(), pa.float64())
    values = [0, 1, 100, None]

    assert len({tuple(hashes(pa.table({"x": pa.array(values, kind)}))) for kind in kinds}) == 1
    assert hashes(pa.table({"x": [0.0, -0.0]}))[0] == hashes(pa.table({"x": [0.0, -0.0]}))[1]


def test_the_order_of_columns_counts() -> None:
    table = pa.table({"a": [1], "b": [2]})

    assert hashes(table) != hashes(table.select(["b", "a"]))


def test_a_column_of_nulls_only_and_a_table_without_rows_have_hashes() -> None:
    assert len(set(hashes(pa.table({"x": pa.nulls(3)})))) == 1
    assert hashes(pa.table({"x": pa.array([], pa.string())})) == []


def test_a_million_consecutive_rows_do_not_collide() -> None:
    table = pa.table({"x": np.arange(1_000_000), "y": np.arange(1_000_000) / 8})

    assert len(np.unique(row_hashes(table.columns, len(table)))) == 1_000_000


def test_hashes_are_the_same_in_every_process() -> None:
    program = (
        "import pyarrow as pa\n"
        "from mlgitops.adapters.tables.row_hashes import row_hashes\n"
        "t = pa.table({'s': ['a', None], 'x': [1, 2.5]})\n"
        "print(row_hashes(t.columns, 2).tolist())\n"
    )
    run = [sys.executable, "-c", program]
    outputs = {
        subprocess.run(
            run, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }

    assert outputs == {f"{hashes(pa.table({'s': ['a', None], 'x': [1, 2.5]}))}\n"}
