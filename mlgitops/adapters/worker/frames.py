"""Tables between Parquet, Arrow and pandas, always by the same rules.

A frame's types follow from the file's schema alone, except that a column of
integers with missing values becomes one of floats, as everywhere in pandas.
Dates become datetimes at midnight and times in a zone become naive ones in UTC, as
they arrive where an MLflow model is served: its signatures know no zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd  # noqa: TID253 - this module runs in a child process only
import pyarrow as pa  # noqa: TID253 - this module runs in a child process only
import pyarrow.parquet as pq  # noqa: TID253 - this module runs in a child process only

from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Column


def read(table: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """*columns* of *table* in the order asked; None reads all.

    Raises:
        SpecError: the table has no such column.
    """
    with pq.ParquetFile(table) as file:
        names = file.schema_arrow.names
        wanted = list(names if columns is None else columns)
        absent = [name for name in wanted if name not in names]
        if absent:
            raise SpecError(
                f"the table has no column {absent[0]!r}",
                hint=f"its columns are {', '.join(names)}",
            )
        return file.read(columns=wanted).select(wanted)


def schema(table: Path, columns: Sequence[str] | None = None) -> pa.Schema:
    """Names and types of *columns* of *table*, in the order asked; None means all."""
    found = pq.read_schema(table)
    return pa.schema([found.field(name) for name in columns]) if columns is not None else found


def read_frame(table: Path, columns: Sequence[str]) -> pd.DataFrame:
    """*columns* of *table* as a frame whose index counts the rows.

    Raises:
        SpecError: the table has no such column.
    """
    rows = read(table, columns)
    naive = pa.schema([pa.field(field.name, _naive(field.type)) for field in rows.schema])
    rows = rows.cast(naive)
    return rows.to_pandas(ignore_metadata=True, date_as_object=False)  # type: ignore[no-any-return]  # pyarrow is untyped


def to_table(frame: pd.DataFrame) -> pa.Table:
    """*frame* without its index; categories as plain values, one type for text.

    Raises:
        SpecError: a column holds something that a table cannot.
    """
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        fields = [pa.field(field.name, _plain(field.type)) for field in table.schema]
        return table.cast(pa.schema(fields))
    except (pa.ArrowException, TypeError) as error:
        raise SpecError(f"features that cannot be stored as a table: {error}") from error


def write(table: pa.Table, out: Path) -> None:
    """Write *table* to *out*, which is whole or not there."""
    partial = out.with_name(out.name + ".partial")
    pq.write_table(table.replace_schema_metadata(None), partial, compression="zstd")
    partial.replace(out)


def columns_of(schema: pa.Schema) -> list[Column]:
    """Names and types, in table order."""
    return [Column(name=field.name, type=str(field.type)) for field in schema]


def _naive(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp(kind.unit) if pa.types.is_timestamp(kind) and kind.tz else kind


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    return pa.string() if pa.types.is_large_string(kind) else kind
