from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.tables import queries
from mlgitops.adapters.tables.queries import read_query
from mlgitops.model.dataset import Source
from mlgitops.model.errors import SpecError, Unavailable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    for path in (root / "data.db", tmp_path / "outside.db"):
        with sqlite3.connect(path) as database:
            database.execute(
                "create table flights (id integer, origin text, delay real, seen text)"
            )
            database.executemany(
                "insert into flights values (?, ?, ?, ?)",
                [
                    (3, "JFK", None, "2013-01-01T05:00:00Z"),
                    (1, "EWR", 2.5, None),
                    (2, "LGA", 1, ""),
                ],
            )
        database.close()
    return root


def query(
    root: Path,
    text: str,
    connection: str | None = "sqlite:///data.db",
    environment: Mapping[str, str] | None = None,
) -> pa.Table:
    return read_query(Source("s", "sql", text, connection), root, environment or {})


def test_rows_come_as_the_query_gives_them(root: Path) -> None:
    table = query(root, "select * from flights order by id")

    assert table.to_pydict() == {
        "id": [1, 2, 3],
        "origin": ["EWR", "LGA", "JFK"],
        "delay": [2.5, 1.0, None],
        "seen": [None, "", "2013-01-01T05:00:00Z"],
    }
    assert table.schema.types == [pa.int64(), pa.string(), pa.float64(), pa.string()]


def test_batches_of_unlike_types_become_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_ROWS_PER_FETCH", 1)

    table = query(root, "select null as a, 1 as b union all select 2, 2.5 union all select 3, null")

    assert table.to_pydict() == {"a": [None, 2, 3], "b": [1.0, 2.5, None]}


def test_a_query_without_rows_keeps_its_columns(root: Path) -> None:
    assert query(root, "select id, origin from flights where 1 = 0").column_names == [
        "id",
        "origin",
    ]


def test_percent_and_colon_are_plain_text(root: Path) -> None:
    table = query(root, "select '10%s :x ?' as a from flights where origin like 'J%'")

    assert table.to_pydict() == {"a": ["10%s :x ?"]}


def test_a_connection_may_come_from_the_environment_that_is_given(root: Path) -> None:
    environment = {"FLIGHTS": f"sqlite:///{root.parent / 'outside.db'}"}

    table = query(root, "select count(*) as n from flights", "env:FLIGHTS", environment)

    assert table.to_pydict() == {"n": [3]}


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (None, "its connection is not a database URL"),
        ("", "its connection is not a database URL"),
        ("secret", "its connection is not a database URL"),
        ("postgresql://user:secret@host:port/database", "its connection is not a database URL"),
        ("env:FLIGHTS", "the environment variable 'FLIGHTS' is not set"),
        ("env:", "the environment variable '' is not set"),
        ("mysql://user:secret@host/database", "'mysql' databases are not supported"),
        ("sqlite:///other.db", "there is no SQLite file 'other.db'"),
        ("sqlite://", "names no file"),
        ("sqlite:///../outside.db", "leads out of the repository"),
        ("sqlite:////etc/passwd", "leads out of the repository"),
    ],
)
def test_a_connection_that_leads_nowhere_is_refused(
    root: Path, connection: str | None, message: str
) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        query(root, "select 1 as a", connection)

    assert "secret" not in f"{caught.value.message}{caught.value.hint}"
    assert caught.value.__cause__ is None


def test_a_variable_that_is_not_set_is_shown_for_either_database(root: Path) -> None:
    with pytest.raises(SpecError) as caught:
        query(root, "select 1 as a", "env:PLANTS_DB")

    hint = caught.value.hint or ""
    assert "PLANTS_DB=postgresql://" in hint
    assert "PLANTS_DB=sqlite:///" in hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select price from flights", "no such column: price"),
        ("selec 1", "syntax error"),
        ("select 1 as a; select 2 as a", "one statement at a time"),
        ("delete from flights", "readonly database"),
        ("attach database 'new.db' as new", "not authorized"),
        ("", "gives no rows"),
        ("select 1 as a, 2 as a", "more than one column is named 'a'"),
        ("select 1 as a union all select 'x'", "column 'a' holds values of different"),
        ("select cast(x'ff' as text) as a", "not UTF-8 text"),
    ],
)
def test_a_query_that_fails_is_refused_with_the_databases_words(
    root: Path, text: str, message: str
) -> None:
    before = (root / "data.db").read_bytes()

    with pytest.raises(SpecError, match=message):
        query(root, text)

    assert (root / "data.db").read_bytes() == before
    assert [path.name for path in root.iterdir()] == ["data.db"]


def test_types_that_clash_between_batches_are_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_ROWS_PER_FETCH", 1)

    with pytest.raises(SpecError, match="column 'a' holds values of different"):
        query(root, "select 1 as a union all select 'x'")
    with pytest.raises(SpecError, match="integers too large"):
        query(root, "select 9007199254740993 as a union all select 0.5")


def test_a_file_that_is_no_database_is_refused(root: Path) -> None:
    (root / "text.db").write_text("not a database, but long enough to be looked at\n" * 50)

    with pytest.raises(SpecError, match="file is not a database"):
        query(root, "select 1 as a from sqlite_master", "sqlite:///text.db")


def test_a_locked_database_is_unavailable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlgitops.adapters.tables.connections._LOCKED_TIMEOUT_S", 0)
    writer = sqlite3.connect(root / "data.db", isolation_level=None)
    writer.execute("begin exclusive")

    with pytest.raises(Unavailable, match="database is locked"):
        query(root, "select * from flights")

    writer.close()
