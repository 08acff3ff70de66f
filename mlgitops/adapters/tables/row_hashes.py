"""One 64-bit hash per row, whatever the chunks and dictionaries of its columns.

Not for secrets and not against an adversary: rows are told apart, equal rows are
equal. Hashes are stable between processes. An integer equals the float of the
same value, 0.0 equals -0.0, and a missing value equals only a missing value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

_NULL = np.uint64(0x6E756C6C6E756C6C)
# Constants of splitmix64 (Steele, Lea and Flood 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_TWO_63 = 2.0**63


def row_hashes(columns: Sequence[pa.ChunkedArray], rows: int) -> Hashes:
    """Hash *rows* rows over *columns*, whose order counts."""
    hashes = np.zeros(rows, np.uint64)
    for column in columns:
        hashes = _mixed(hashes * _GOLDEN + _column_hashes(column))
    return hashes


def _column_hashes(column: pa.ChunkedArray) -> Hashes:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types

    kind = column.type
    if types.is_null(kind):
        return np.full(len(column), _NULL)
    if types.is_floating(kind):
        hashes = _float_hashes(column.cast(pa.float64()).fill_null(np.nan).to_numpy())
    elif types.is_string(kind) or types.is_binary(kind):
        hashes = _text_hashes(column)
    else:
        if types.is_boolean(kind):
            column = column.cast(pa.uint8())
        integers = pc.fill_null(_as_integers(column), 0).to_numpy()
        hashes = _mixed(integers.astype(np.uint64))
    if column.null_count:
        hashes[column.is_null().to_numpy()] = _NULL
    return hashes


def _as_integers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    from pyarrow import types

    if types.is_integer(column.type):
        return column
    if types.is_date32(column.type):
        return column.cast(pa.int32())
    return column.cast(pa.int64())


def _float_hashes(values: NDArray[np.float64]) -> Hashes:
    is_whole = (np.abs(values) < _TWO_63) & (np.trunc(values) == values)
    bits = values.copy().view(np.uint64)
    bits[is_whole] = values[is_whole].astype(np.int64).view(np.uint64)
    hashes = _mixed(bits)
    hashes[np.isnan(values)] = _NULL
    return hashes


def _text_hashes(column: pa.ChunkedArray) -> Hashes:
    import pyarrow as pa

    encoded = column.combine_chunks()
    chunks = encoded.chunks if isinstance(encoded, pa.ChunkedArray) else [encoded]
    parts = [_chunk_hashes(chunk) for chunk in chunks]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def _chunk_hashes(chunk: pa.Array) -> Hashes:
    encoded = chunk.dictionary_encode()
    distinct = np.array([_text_hash(v) for v in encoded.dictionary.to_pylist()] or [0], np.uint64)
    hashes: Hashes = distinct[encoded.indices.fill_null(0).to_numpy()]
    return hashes


def _text_hash(value: Any) -> int:
    content = value.encode() if isinstance(value, str) else value
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _mixed(values: Hashes) -> Hashes:
    """Spread every bit over all 64; wrapping around is the point."""
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed
