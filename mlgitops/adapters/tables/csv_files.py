"""Text with commas → an Arrow table with types told by all of its rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlgitops.adapters.tables.column_types import normalised, not_utf8
from mlgitops.adapters.tables.source_files import SourceFile
from mlgitops.adapters.tables.unpacking import unpacked
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK_BYTES = 8 << 20
_NULLS = ["", "NA", "N/A", "#N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "-NaN", "-nan"]
# Arrow goes on to quote the row itself, which must not be shown.
_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


def read_csv(file: SourceFile) -> pa.Table:
    """Read *file*: comma-separated, UTF-8, with a header; may have no rows.

    Raises:
        SpecError: it is not such a file; the message names row or column, no values.
    """
    import pyarrow as pa

    text = unpacked(file)
    # Arrow takes the rest of the file for the value of a quote that is not closed.
    if text.count(b'"') % 2:
        raise SpecError(
            f"{file.name}: an odd number of quotes: one of them is never closed",
            hint="a quote inside a value is written twice, and the value in quotes",
        )
    try:
        table = _parse(text)
    except pa.ArrowInvalid as error:
        # Looked for first: a row in another encoding is often also one that Arrow cuts wrong.
        if (place := _undecodable(text)) is not None:
            raise not_utf8(file.name, place) from error
        raise _explained(file.name, str(error)) from error
    if (place := _undecodable(text[: text.find(b"\n") + 1 or None])) is not None:
        raise not_utf8(file.name, place)
    table = normalised(table, file.name)
    for field in table.schema:
        # Arrow falls back to bytes where text does not decode.
        if field.type == pa.binary():
            raise not_utf8(f"{file.name}: column {field.name!r}", _undecodable(text) or "")
    return table


def _parse(text: bytearray) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    return csv.read_csv(
        pa.BufferReader(text),
        # In one thread: with more, Arrow does not count the rows, and each error can
        # leave a thread waiting for itself until none is left (seen with pyarrow 18; like
        # https://github.com/apache/arrow/issues/38676). It costs a third more time.
        read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(null_values=_NULLS, strings_can_be_null=True),
    )


def _undecodable(text: bytearray) -> str | None:
    """Where *text* stops being UTF-8, without the byte itself, or None where it never does."""
    start = 0
    while start < len(text):
        # Cut at line ends, which are no part of any other character.
        end = text.find(b"\n", start + _BLOCK_BYTES) + 1 or len(text)
        try:
            text[start:end].decode()
        except UnicodeDecodeError as error:
            offset = start + error.start
            line = text.count(b"\n", 0, offset) + 1
            return f"line {line} (byte {offset:,})"
        start = end
    return None


def _explained(name: str, reason: str) -> SpecError:
    if "Empty CSV" in reason:
        return SpecError(f"{name}: the file is empty", hint="a CSV file begins with a header")
    if "straddl" in reason:
        return SpecError(
            f"{name}: a row is longer than {_BLOCK_BYTES >> 20} MiB",
            hint="look for a quote that is never closed",
        )
    what = "not a CSV table"
    if ragged := _RAGGED.search(reason):
        row, expected, actual = ragged.groups()
        what = f"row {row} has {actual} values, the header (row 1) has {expected}"
    return SpecError(
        f"{name}: {what}",
        hint="expected UTF-8 text with a header and commas; quote a value that holds a comma",
    )
