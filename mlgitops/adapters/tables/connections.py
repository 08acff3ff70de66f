"""A source's `connection` → an engine that can only read.

Connections are never shown, not even in part, beyond host and database: they
hold passwords.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlgitops.adapters.tables.source_files import path_below
from mlgitops.model.dataset import Source
from mlgitops.model.errors import MissingExtra, SpecError

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import URL, Engine

_FROM_ENVIRONMENT = "env:"
_LOCKED_TIMEOUT_S = 10
# So that a server that is gone is noticed, however long a query may take.
_POSTGRESQL_OPTIONS = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


@dataclass(frozen=True, slots=True)
class Database:
    """An engine with the words for messages: what it is called, what to hide."""

    engine: Engine
    shown: str
    secrets: tuple[str, ...]

    def without_secrets(self, text: str) -> str:
        """*text* with the connection's passwords taken out."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def connect(source: Source, root: Path, environment: Mapping[str, str]) -> Database:
    """Prepare the database of *source*; nothing is opened yet.

    A connection `env:NAME` is looked up in *environment*. SQLite files are opened
    for reading only; one that the spec itself names lies below *root*.

    Raises:
        SpecError: no connection, no such variable, not a URL, no such file, or
            another database than PostgreSQL and SQLite.
        MissingExtra: SQLAlchemy or the driver is not installed.
    """
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool
    except ModuleNotFoundError as error:
        raise MissingExtra("SQLAlchemy", extra="data") from error
    url, is_trusted = _url(source, environment)
    backend = url.get_backend_name()
    if backend == "sqlite":
        path = _sqlite_path(source, url, root, is_trusted=is_trusted)
        engine = create_engine("sqlite://", creator=lambda: _open_sqlite(path), poolclass=NullPool)
        return Database(engine, f"SQLite ({path.name})", ())
    options = {k: v for k, v in _POSTGRESQL_OPTIONS.items() if k not in url.query}
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"), connect_args=options, poolclass=NullPool
        )
    except ImportError as error:
        raise MissingExtra("psycopg", extra="data") from error
    secrets = [url.password, url.query.get("password")]
    shown = f"PostgreSQL ({url.host or url.query.get('host') or 'local'}/{url.database or ''})"
    return Database(engine, shown, tuple(str(secret) for secret in secrets if secret))


def database_files(source: Source, root: Path, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """The files of an SQLite source, those beside it with newer rows included.

    Raises:
        SpecError: as `connect`.
    """
    url, is_trusted = _url(source, environment)
    if url.get_backend_name() != "sqlite":
        return ()
    path = _sqlite_path(source, url, root, is_trusted=is_trusted).resolve()
    return tuple(path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm", "-journal"))


def _url(source: Source, environment: Mapping[str, str]) -> tuple[URL, bool]:
    """The URL, and whether it comes from whoever runs us rather than from the spec."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    text = source.connection or ""
    name = text.removeprefix(_FROM_ENVIRONMENT)
    is_trusted = name != text
    if is_trusted:
        text = environment.get(name, "")
        if not text:
            raise SpecError(
                f"source {source.name!r}: the environment variable {name!r} is not set",
                hint=f"export {name}=postgresql://user:password@host/database, or for an SQLite "
                f"file {name}=sqlite:///data/file.db, seen from the repository's root",
            )
    try:
        url = make_url(re.sub("^postgres://", "postgresql://", text))
    except (ArgumentError, ValueError):
        # Neither shown nor chained: the text may hold a password.
        raise SpecError(
            f"source {source.name!r}: its connection is not a database URL",
            hint="for example postgresql://user@host/database, sqlite:///data/flights.db, "
            "or env:NAME for the environment variable that holds it",
        ) from None
    if url.get_backend_name() not in ("postgresql", "sqlite"):
        raise SpecError(
            f"source {source.name!r}: {url.get_backend_name()!r} databases are not supported",
            hint="known are postgresql and sqlite; export other data as Parquet",
        )
    return url, is_trusted


def _sqlite_path(source: Source, url: URL, root: Path, *, is_trusted: bool) -> Path:
    owner = f"source {source.name!r}"
    if is_trusted and url.database:
        path = root / url.database
    else:
        path = path_below(root, url.database or "", owner)
    if not path.is_file():
        raise SpecError(f"{owner}: there is no SQLite file {url.database!r}")
    return path


def _open_sqlite(path: Path) -> sqlite3.Connection:
    import sqlite3

    options: dict[str, Any] = {"uri": True, "timeout": _LOCKED_TIMEOUT_S}
    connection: sqlite3.Connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", **options)
    connection.set_authorizer(_no_other_file)
    return connection


def _no_other_file(action: int, *_: str | None) -> int:
    """ATTACH would open, and even create, any file that we may write."""
    import sqlite3

    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK
