"""A table → one Parquet file, whole or not at all, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from mlgitops.model.errors import Unavailable

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_PER_GROUP = 1 << 17


def write_table(table: pa.Table, out: Path) -> None:
    """Write *table* to *out*, whose folder exists, replacing what is there.

    Raises:
        Unavailable: the disk is full or refuses; *out* is as it was before.
    """
    beside = out.with_name(f".{out.name}.{uuid.uuid4().hex}.tmp")
    try:
        try:
            with beside.open("xb") as stream:
                _write(table, stream)
            beside.replace(out)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise Unavailable(
            f"{out.name} could not be written: {reason}",
            hint=f"check the free space and permissions of {out.parent}",
        ) from error


def table_digest(table: pa.Table) -> str:
    """Digest of the file that `write_table` would write."""
    sink = _Hasher()
    _write(table, cast("IO[bytes]", sink))
    return f"sha256:{sink.sha256.hexdigest()}"


class _Hasher(io.RawIOBase):
    """A file of which only the digest is kept."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        view = memoryview(content)  # type: ignore[arg-type]  # the stub narrows to Buffer
        self.sha256.update(view)
        return view.nbytes


def _write(table: pa.Table, stream: IO[bytes]) -> None:
    from pyarrow import parquet

    with parquet.ParquetWriter(
        stream,
        table.schema,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=1,
        use_dictionary=True,
        write_statistics=True,
    ) as writer:
        for start in range(0, len(table), _ROWS_PER_GROUP):
            # How a table lies in memory would show in its pages: one chunk per row group.
            group = table.slice(start, _ROWS_PER_GROUP).combine_chunks()
            writer.write_table(group, row_group_size=_ROWS_PER_GROUP)
