"""One SQL query → an Arrow table, its rows in the order that the query gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from mlgitops.adapters.tables.column_types import normalised, not_utf8, promote
from mlgitops.adapters.tables.connections import Database, connect
from mlgitops.model.dataset import Source
from mlgitops.model.errors import MlgitopsError, SpecError, Unavailable

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

_ROWS_PER_FETCH = 50_000
# SQLSTATE classes: connection exception, operator intervention, insufficient resources.
_PASSING_TROUBLE = ("08", "57", "53")


def read_query(source: Source, root: Path, environment: Mapping[str, str]) -> pa.Table:
    """Run the query of *source*, in a transaction that can only read.

    Raises:
        SpecError: the query fails, gives no columns, or values of mixed types.
        Unavailable: the database does not answer or gives up.
    """
    database = connect(source, root, environment)
    from sqlalchemy.exc import DBAPIError

    try:
        connection = database.engine.connect()
    except DBAPIError as error:
        raise Unavailable(
            f"source {source.name!r}: {database.shown} does not answer: "
            f"{database.without_secrets(str(error.orig).strip())}",
            hint=f"check the connection ({source.connection})"
            if str(source.connection).startswith("env:")
            else "check the source's connection",
        ) from error
    with connection:
        try:
            return _read(connection, source)
        except DBAPIError as error:
            raise _translated(error, source, database) from error


def _read(connection: Connection, source: Source) -> pa.Table:
    # A server-side cursor takes a single query and nothing else, and no statement
    # in it can write; without parameters, % and : in it are plain text.
    result = connection.execution_options(
        stream_results=True, no_parameters=True, postgresql_readonly=True
    ).exec_driver_sql(source.location)
    if not result.returns_rows:
        raise SpecError(
            f"source {source.name!r}: the statement gives no rows", hint="write a SELECT"
        )
    names = list(result.keys())
    parts = [_table(names, rows, source) for rows in result.partitions(_ROWS_PER_FETCH)]
    return _concatenated(parts or [_table(names, [], source)], source)


def _table(names: Sequence[str], rows: Sequence[Any], source: Source) -> pa.Table:
    import pyarrow as pa

    where = f"source {source.name!r}"
    columns = []
    for name, values in zip(
        names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True
    ):
        try:
            columns.append(pa.chunked_array([pa.array(_plain(values))]))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise _mixed(where, name) from error
    return normalised(pa.Table.from_arrays(columns, names=list(names)), where)


def _plain(values: tuple[Any, ...]) -> list[Any]:
    """*values* without types that Arrow would tell apart by their digits."""
    kinds = set(map(type, values))
    if Decimal in kinds:
        return [float(v) if isinstance(v, Decimal) else v for v in values]
    if UUID in kinds:
        return [str(v) if isinstance(v, UUID) else v for v in values]
    return list(values)


def _concatenated(parts: Sequence[pa.Table], source: Source) -> pa.Table:
    import pyarrow as pa

    where = f"source {source.name!r}"
    fields = []
    for name in parts[0].column_names:
        kind = pa.null()
        for part in parts:
            common = promote(kind, part.schema.field(name).type)
            if common is None:
                raise _mixed(where, name)
            kind = common
        fields.append((name, kind))
    try:
        return pa.concat_tables([part.cast(pa.schema(fields)) for part in parts])
    except pa.ArrowInvalid as error:
        raise SpecError(
            f"{where}: a column holds integers too large for its fractions",
            hint="cast the column to one type in the query",
        ) from error


def _mixed(where: str, name: str) -> SpecError:
    return SpecError(
        f"{where}: column {name!r} holds values of different or unknown types",
        hint="cast the column to one type in the query, for example to text",
    )


def _translated(error: DBAPIError, source: Source, database: Database) -> MlgitopsError:
    original: Any = error.orig
    diagnosis = getattr(original, "diag", None)
    reason = getattr(diagnosis, "message_primary", None) or str(original).strip()
    state = getattr(original, "sqlstate", None) or ""
    if reason.startswith("Could not decode to UTF-8"):
        # SQLite goes on to quote the value.
        return not_utf8(f"source {source.name!r}: a column of the query")
    message = f"source {source.name!r}: {database.without_secrets(reason)}"
    is_passing = error.connection_invalidated or state.startswith(_PASSING_TROUBLE)
    if is_passing or "locked" in reason:
        return Unavailable(f"{message} ({database.shown})", hint="try again later")
    return SpecError(f"{message} ({database.shown})", hint="run the query by hand to see more")
