"""`ports.Tables` on Apache Arrow; docs/data.md says what users may rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.adapters.tables.digests import files_digest
from mlgitops.adapters.tables.source_files import has_changed, source_files
from mlgitops.model.dataset import Dataset, Source
from mlgitops.model.errors import MissingExtra, SpecError, Unavailable
from mlgitops.ports import Extraction

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from mlgitops.model.evidence import Column, SourceRecord


class ArrowTables:
    """Files below *root*, and databases that *environment* has the connections of."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._root = root
        self._environment = environment

    def source_digest(self, source: Source) -> str | None:
        if source.kind == "sql":
            return None
        return files_digest(source_files(self._root, source))

    def source_paths(self, source: Source) -> tuple[Path, ...]:
        if source.kind == "sql":
            from mlgitops.adapters.tables.connections import database_files

            return database_files(source, self._root, self._environment)
        return tuple(Path(file.path) for file in source_files(self._root, source))

    def extract(self, dataset: Dataset, out: Path, *, sample: int) -> Extraction:
        _require_arrow()
        from mlgitops.adapters.tables.windows import window_of
        from mlgitops.adapters.tables.writing import write_table

        joined, records = self._joined(dataset)
        table = _sampled(_cut(joined, dataset), sample)
        write_table(table, out)
        return {
            "rows": len(table),
            "columns": _columns(table.schema),
            "sources": records,
            "window": window_of(table, dataset.time) if dataset.time else None,
        }

    def read(self, table: Path, columns: Sequence[str]) -> dict[str, NDArray[Any]]:
        _require_arrow()
        from mlgitops.adapters.tables.arrays import to_numpy

        selected = _read(table, columns)
        return {name: to_numpy(selected.column(name)) for name in columns}

    def schema(self, table: Path) -> list[Column]:
        _require_arrow()
        return _columns(_schema(table))

    def take(self, table: Path, keep: NDArray[np.bool_], columns: Sequence[str], out: Path) -> None:
        _require_arrow()
        import pyarrow as pa

        from mlgitops.adapters.tables.writing import write_table

        selected = _read(table, columns)
        if len(keep) != len(selected):
            raise ValueError(f"{len(keep)} marks for {len(selected)} rows")
        write_table(selected.filter(pa.array(keep)), out)

    def write(
        self, columns: Mapping[str, NDArray[Any]], out: Path, *, like: Path | None = None
    ) -> None:
        _require_arrow()
        import pyarrow as pa

        from mlgitops.adapters.tables.arrays import from_numpy
        from mlgitops.adapters.tables.column_types import normalised, typed_as
        from mlgitops.adapters.tables.writing import write_table

        table = pa.table({name: from_numpy(name, array) for name, array in columns.items()})
        table = normalised(table, out.name)
        write_table(typed_as(table, _schema(like)) if like else table, out)

    def reorder(self, table: Path, column: str, order: NDArray[np.int64], out: Path) -> None:
        _require_arrow()
        import pyarrow as pa

        from mlgitops.adapters.tables.writing import write_table

        whole = _read(table, _schema(table).names)
        if len(order) != len(whole):
            raise ValueError(f"an order of {len(order)} for {len(whole)} rows")
        moved = whole.column(column).take(pa.array(order))
        place = whole.column_names.index(column)
        write_table(whole.set_column(place, whole.schema.field(place), moved), out)

    def row_digests(self, table: Path, columns: Sequence[str]) -> NDArray[np.uint64]:
        _require_arrow()
        from mlgitops.adapters.tables.row_hashes import row_hashes

        selected = _read(table, columns)
        return row_hashes([selected.column(name) for name in columns], len(selected))

    def _joined(self, dataset: Dataset) -> tuple[pa.Table, list[SourceRecord]]:
        """The first source with all others joined to it, and a record of each."""
        from mlgitops.adapters.tables.joining import left_join

        tables: dict[str, pa.Table] = {}
        records: list[SourceRecord] = []
        for source in dataset.sources:
            tables[source.name], digest = self._read_source(source)
            rows = len(tables[source.name])
            if not rows:
                raise SpecError(f"source {source.name!r} has no rows")
            records.append(
                {"name": source.name, "kind": source.kind, "digest": digest, "rows": rows}
            )
        first, *others = (source.name for source in dataset.sources)
        table = tables[first]
        for join in dataset.joins:
            if join.source not in others:
                raise SpecError(
                    f"dataset {dataset.name!r}: cannot join {join.source!r} to {first!r}",
                    hint=f"its other sources are: {', '.join(others) or 'none'}",
                )
            table = left_join(table, tables[join.source], join.on, join.source)
        unused = sorted(set(others) - {join.source for join in dataset.joins})
        if unused:
            raise SpecError(
                f"dataset {dataset.name!r}: source {unused[0]!r} is joined to nothing",
                hint="add a join with its keys, or leave the source out",
            )
        return table, records

    def _read_source(self, source: Source) -> tuple[pa.Table, str]:
        from mlgitops.adapters.tables.file_tables import read_files
        from mlgitops.adapters.tables.queries import read_query
        from mlgitops.adapters.tables.writing import table_digest

        if source.kind == "sql":
            table = read_query(source, self._root, self._environment)
            return table, table_digest(table)
        files = source_files(self._root, source)
        digest = files_digest(files)
        table = read_files(source.kind, files)
        for file in files:
            if has_changed(file):
                raise Unavailable(
                    f"{file.name} changed while it was read", hint="run again when it is complete"
                )
        return table, digest


def _cut(table: pa.Table, dataset: Dataset) -> pa.Table:
    """Check the columns that *dataset* declares and keep the rows of its window."""
    from mlgitops.adapters.tables.column_types import require_columns
    from mlgitops.adapters.tables.windows import cut_window, with_times

    wanted = {
        "keys": dataset.keys,
        "time": (dataset.time,) if dataset.time else (),
        "after the fact": dataset.after_the_fact,
        "split": (dataset.split.column,) if dataset.split.column else (),
    }
    require_columns(table.column_names, wanted, f"dataset {dataset.name!r}")
    if dataset.time:
        table = with_times(table, dataset.time)
        if dataset.window:
            table = cut_window(table, dataset.time, dataset.window)
    elif dataset.window:
        raise SpecError(
            f"dataset {dataset.name!r} has a window but no time column",
            hint="name the column under `time`",
        )
    return table


def _sampled(table: pa.Table, sample: int) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    rows = len(table)
    if not 0 < sample < rows:
        return table
    return table.take(pa.array(np.arange(sample) * rows // sample))


def _read(table: Path, columns: Sequence[str]) -> pa.Table:
    """The columns of one of our own tables."""
    from pyarrow import parquet

    from mlgitops.adapters.tables.column_types import require_columns

    require_columns(_schema(table).names, {"wanted": columns}, f"the table {table.name}")
    with parquet.ParquetFile(table) as opened:
        return opened.read(columns=list(columns)).select(list(columns))


def _schema(table: Path) -> pa.Schema:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.read_schema(table)
    except (pa.ArrowException, OSError) as error:
        raise Unavailable(
            f"the table {table.name} cannot be read: {error}", hint="run again to make it anew"
        ) from error


def _columns(schema: pa.Schema) -> list[Column]:
    return [{"name": field.name, "type": str(field.type)} for field in schema]


def _require_arrow() -> None:
    try:
        import pyarrow as pa  # noqa: F401 - to see whether it is there
    except ModuleNotFoundError as error:
        raise MissingExtra("pyarrow", extra="data") from error
