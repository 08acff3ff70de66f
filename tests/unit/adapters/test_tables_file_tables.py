from __future__ import annotations

import decimal
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pyarrow.parquet as pq  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.tables import parquet_files
from mlgitops.adapters.tables.file_tables import read_files
from mlgitops.adapters.tables.source_files import source_files
from mlgitops.model.dataset import Source
from mlgitops.model.errors import SpecError


def read(folder: Path, **contents: str | pa.Table) -> pa.Table:
    """Write each content to a file `<name>.csv` or `<name>.parquet` and read all."""
    for name, content in contents.items():
        if isinstance(content, str):
            (folder / f"{name}.csv").write_text(content)
        else:
            pq.write_table(content, folder / f"{name}.parquet")
    return read_files("files", source_files(folder, Source("s", "files", "*")))


def test_files_follow_each_other_by_name_and_columns_by_the_first_file(tmp_path: Path) -> None:
    table = read(tmp_path, b="x,y\n3,c\n", a="y,x\nb,2\na,1\n", c=pa.table({"x": [4], "y": ["d"]}))

    assert table.to_pydict() == {"y": ["b", "a", "c", "d"], "x": [2, 1, 3, 4]}


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("1", "2.5", pa.float64()),
        ("2.5", "1", pa.float64()),
        ("NA", "1", pa.int64()),
        ("x", "NA", pa.string()),
        ("NA", "NA", pa.null()),
        ("2013-01-01", "2013-01-01T05:00:00", pa.timestamp("us")),
        ("2013-01-01T05:00:00Z", "2013-01-01T05:00:00.5Z", pa.timestamp("us", "UTC")),
    ],
)
def test_a_column_has_the_type_that_holds_the_values_of_all_files(
    tmp_path: Path, first: str, second: str, kind: pa.DataType
) -> None:
    table = read(tmp_path, a=f"k,v\n1,{first}\n", b=f"k,v\n2,{second}\n")

    assert table.schema.field("v").type == kind
    assert len(table) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1", "x"),
        ("true", "1"),
        ("2013-01-01T05:00:00", "2013-01-01T05:00:00Z"),
        ("05:00", "2013-01-01"),
    ],
)
def test_types_that_clash_are_an_error_with_file_and_column(
    tmp_path: Path, first: str, second: str
) -> None:
    with pytest.raises(SpecError, match=r"^b\.csv: column 'v' is "):
        read(tmp_path, a=f"k,v\n1,{first}\n", b=f"k,v\n2,{second}\n")


def test_integers_that_a_float_cannot_hold_are_not_rounded(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"^a\.csv: column 'v' has integers that double"):
        read(tmp_path, a="v\n9007199254740993\n", b="v\n0.5\n")


@pytest.mark.parametrize(
    ("first", "second", "lacking"),
    [("x,y\n1,2\n", "x\n1\n", r"^b\.csv"), ("x\n1\n", "x,y\n1,2\n", r"^a\.csv")],
)
def test_a_column_that_a_file_lacks_is_an_error(
    tmp_path: Path, first: str, second: str, lacking: str
) -> None:
    with pytest.raises(SpecError, match=f"{lacking}: there is no column 'y'"):
        read(tmp_path, a=first, b=second)


def test_a_file_of_another_kind_is_refused_rather_than_left_out(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x\n")

    with pytest.raises(SpecError, match=r"^notes\.txt: neither CSV nor Parquet"):
        read(tmp_path, a="x\n1\n")


def test_parquet_types_become_those_of_a_table(tmp_path: Path) -> None:
    moment = datetime(2013, 1, 1, 5, tzinfo=UTC)
    values: dict[str, pa.Array] = {
        "category": pa.array(["a", "b"]).dictionary_encode(),
        "long": pa.array(["a", None], pa.large_string()),
        "nanoseconds": pa.array([1, 1_500], pa.timestamp("ns")),
        "elsewhere": pa.array([moment, None], pa.timestamp("ms", "America/New_York")),
        "money": pa.array([decimal.Decimal("1.50"), None]),
        "half": pa.array([1.5, float("nan")], pa.float32()),
        "day": pa.array([date(2013, 1, 1), None], pa.date64()),
        "small": pa.array([1, None], pa.int8()),
    }
    table = read(tmp_path, a=pa.table(values).replace_schema_metadata({"who": "someone"}))

    assert {field.name: str(field.type) for field in table.schema} == {
        "category": "string",
        "long": "string",
        "nanoseconds": "timestamp[us]",
        "elsewhere": "timestamp[us, tz=UTC]",
        "money": "double",
        "half": "float",
        "day": "date32[day]",
        "small": "int8",
    }
    assert table.schema.metadata is None
    assert table.column("half").null_count == 1
    assert table.column("nanoseconds").cast(pa.int64()).to_pylist() == [0, 1]


@pytest.mark.parametrize("values", [[[1, 2]], [{"a": 1}]], ids=["list", "struct"])
def test_cells_with_more_than_one_value_are_refused(tmp_path: Path, values: list[Any]) -> None:
    with pytest.raises(SpecError, match=r"^a\.parquet: column 'v' is of type"):
        read(tmp_path, a=pa.table({"v": values}))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["v", "v"])

    with pytest.raises(SpecError, match="more than one column is named 'v'"):
        read(tmp_path, a=twice)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    latin = pa.Array.from_buffers(pa.string(), 1, pa.array([b"Z\xfcrich"]).buffers())

    with pytest.raises(SpecError, match="a damaged Parquet file"):
        read(tmp_path, a=pa.table({"v": latin}))


def test_times_beyond_what_microseconds_reach_are_refused(tmp_path: Path) -> None:
    far = pa.array([2**60], pa.timestamp("ms"))
    pq.write_table(pa.table({"v": far}), tmp_path / "a.parquet")

    with pytest.raises(
        SpecError, match=r"^a\.parquet: column 'v' has timestamp\[ms\] values beyond"
    ):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"x\n1\n", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b""])
def test_what_is_not_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)

    with pytest.raises(SpecError, match=r"^a\.parquet: (not a|a damaged) Parquet file"):
        read(tmp_path)


def test_altered_bytes_never_get_past_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": list(range(1000)), "y": ["abc"] * 1000}), path)
    content = path.read_bytes()

    for position in range(4, len(content), 97):
        altered = bytearray(content)
        altered[position] ^= 0xFF
        path.write_bytes(bytes(altered))
        try:
            table = read(tmp_path)
        except SpecError:
            continue
        table.validate(full=True)


def test_a_parquet_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_files, "MAX_BYTES", 1 << 20)
    constant = pa.table({"x": pa.array([0]).take(pa.array([0] * 200_000))})

    with pytest.raises(SpecError, match="unpacks to more than"):
        read(tmp_path, a=constant)
