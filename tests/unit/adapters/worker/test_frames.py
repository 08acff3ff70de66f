from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd  # noqa: TID253 - tests may start slowly
import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pyarrow.parquet as pq  # noqa: TID253 - tests may start slowly
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.adapters.worker import frames
from mlgitops.model.errors import SpecError


def test_columns_come_in_the_order_asked(tmp_path: Path):
    pq.write_table(pa.table({"a": [1], "b": [2], "c": [3]}), tmp_path / "t")

    assert frames.read(tmp_path / "t", ["c", "a"]).column_names == ["c", "a"]
    assert list(frames.read_frame(tmp_path / "t", ["b", "a"]).columns) == ["b", "a"]
    assert frames.schema(tmp_path / "t", ["c", "a"]).names == ["c", "a"]
    assert frames.read(tmp_path / "t").column_names == ["a", "b", "c"]


def test_a_missing_column_is_named_with_those_that_exist(tmp_path: Path):
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "t")

    with pytest.raises(SpecError, match="no column 'x'") as caught:
        frames.read(tmp_path / "t", ["a", "x"])
    assert caught.value.hint == "its columns are a, b"


def test_a_folder_that_looks_like_a_partition_adds_no_column(tmp_path: Path):
    folder = tmp_path / "year=2013"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1]}), folder / "t.parquet")

    assert frames.read(folder / "t.parquet").column_names == ["a"]


def test_the_index_written_by_pandas_is_ignored(tmp_path: Path):
    pd.DataFrame({"a": [1, 2]}, index=[7, 9]).to_parquet(tmp_path / "t")

    assert list(frames.read_frame(tmp_path / "t", ["a"]).index) == [0, 1]


def test_categories_become_plain_values():
    frame = pd.DataFrame({"text": pd.Categorical(["b", None]), "number": pd.Categorical([3, 1])})

    table = frames.to_table(frame)
    assert [str(field.type) for field in table.schema] == ["string", "int64"]
    assert table.to_pydict() == {"text": ["b", None], "number": [3, 1]}


def test_what_no_table_can_hold_is_refused():
    with pytest.raises(SpecError, match="cannot be stored"):
        frames.to_table(pd.DataFrame({"mixed": [1, "a"]}))
    with pytest.raises(SpecError, match="cannot be stored"):
        frames.to_table(pd.DataFrame({"complex": [1j]}))


@given(
    st.lists(
        st.tuples(
            st.floats(width=64),
            st.integers(-(2**63), 2**63 - 1),
            st.text(st.characters(exclude_categories=["Cs"])),
        ),
        min_size=1,
    )
)
def test_values_survive_writing_and_reading(rows: list[tuple[float, int, str]]):
    frame = pd.DataFrame(rows, columns=["float", "int", "text"])
    out = pa.BufferOutputStream()
    pq.write_table(frames.to_table(frame), out)

    back = pq.read_table(pa.BufferReader(out.getvalue())).to_pandas()
    assert np.array_equal(back["float"], frame["float"], equal_nan=True)
    assert list(back["int"]) == list(frame["int"])
    assert list(back["text"]) == list(frame["text"])


def test_equal_tables_give_equal_bytes_and_leave_no_partial_file(tmp_path: Path):
    for name in ("one", "two"):
        frames.write(frames.to_table(pd.DataFrame({"a": [1.5, None]})), tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one", "two"]
