"""The files of one source → one table, their types made one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mlgitops.adapters.tables.column_types import promote
from mlgitops.adapters.tables.csv_files import read_csv
from mlgitops.adapters.tables.parquet_files import read_parquet
from mlgitops.adapters.tables.source_files import SourceFile
from mlgitops.model.dataset import SourceKind
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import pyarrow as pa

_READERS: Mapping[SourceKind, Callable[[SourceFile], pa.Table]] = {
    "csv": read_csv,
    "parquet": read_parquet,
}
_KINDS_BY_ENDING: Mapping[str, SourceKind] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".csv.zip": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def read_files(kind: SourceKind, files: Sequence[SourceFile]) -> pa.Table:
    """Read *files* one after the other, in the order given.

    Raises:
        SpecError: one is unreadable, or differs from the others in its columns.
    """
    import pyarrow as pa

    tables = [_read_file(kind, file) for file in files]
    schema = _common_schema(tables, files)
    parts = [_cast(table, schema, file) for table, file in zip(tables, files, strict=True)]
    return pa.concat_tables(parts)


def _read_file(kind: SourceKind, file: SourceFile) -> pa.Table:
    if kind != "files":
        return _READERS[kind](file)
    for ending, kind_of_file in _KINDS_BY_ENDING.items():
        if file.name.lower().endswith(ending):
            return _READERS[kind_of_file](file)
    raise SpecError(
        f"{file.name}: neither CSV nor Parquet by its name",
        hint=f"narrow the glob; known are {', '.join(_KINDS_BY_ENDING)}",
    )


def _common_schema(tables: Sequence[pa.Table], files: Sequence[SourceFile]) -> pa.Schema:
    """Columns in the order of the first file, each with the type that holds all values."""
    import pyarrow as pa

    kinds = dict(zip(tables[0].column_names, tables[0].schema.types, strict=True))
    for table, file in zip(tables[1:], files[1:], strict=True):
        different = set(kinds) ^ set(table.column_names)
        if different:
            column = min(different)
            has, lacks = (files[0], file) if column in kinds else (file, files[0])
            raise SpecError(
                f"{lacks.name}: there is no column {column!r}, which {has.name} has",
                hint="the files of one source have the same columns",
            )
        for field in table.schema:
            common = promote(kinds[field.name], field.type)
            if common is None:
                raise SpecError(
                    f"{file.name}: column {field.name!r} is {field.type}, "
                    f"in the files before it {kinds[field.name]}",
                    hint="write the column the same way in every file",
                )
            kinds[field.name] = common
    return pa.schema(list(kinds.items()))


def _cast(table: pa.Table, schema: pa.Schema, file: SourceFile) -> pa.Table:
    import pyarrow as pa

    columns = []
    for field in schema:
        try:
            columns.append(table.column(field.name).cast(field.type))
        except pa.ArrowInvalid as error:
            raise SpecError(
                f"{file.name}: column {field.name!r} has integers that {field.type}, "
                "its type in other files, cannot hold",
                hint="write the column the same way in every file",
            ) from error
    return pa.table(columns, schema=schema)
