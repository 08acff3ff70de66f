"""A Parquet file → an Arrow table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.adapters.tables.column_types import normalised
from mlgitops.adapters.tables.source_files import SourceFile
from mlgitops.adapters.tables.unpacking import MAX_BYTES, is_parquet
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

_BYTES_PER_VALUE = 8


def read_parquet(file: SourceFile) -> pa.Table:
    """Read *file* whole.

    Raises:
        SpecError: it is no Parquet file, damaged, or too large in memory.
    """
    import pyarrow as pa
    from pyarrow import parquet

    if not is_parquet(file):
        raise SpecError(
            f"{file.name}: not a Parquet file", hint="write kind csv if it is text with commas"
        )
    try:
        with parquet.ParquetFile(file.path) as opened:
            _refuse_bomb(opened.metadata, file.name)
            table = opened.read()
        # Reading trusts offsets and encodings; whoever works on the table does too.
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"{file.name}: a damaged Parquet file", hint="copy the file again from its origin"
        ) from error
    return normalised(table, file.name)


def _refuse_bomb(metadata: parquet.FileMetaData, name: str) -> None:
    """Refuse by what the file says of itself: constant columns pack without limit."""
    groups = range(metadata.num_row_groups)
    unpacked = sum(metadata.row_group(i).total_byte_size for i in groups)
    values = metadata.num_rows * metadata.num_columns * _BYTES_PER_VALUE
    if max(unpacked, values) > MAX_BYTES:
        raise SpecError(
            f"{name}: unpacks to more than {MAX_BYTES >> 30} GiB",
            hint="keep fewer columns or rows in it",
        )
