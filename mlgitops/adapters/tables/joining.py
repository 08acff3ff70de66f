"""Left joins that keep the order of the rows and never multiply them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlgitops.adapters.tables.column_types import promote, require_columns, utc_times
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_NO_ROW = -1


def left_join(base: pa.Table, other: pa.Table, on: Sequence[str], source: str) -> pa.Table:
    """Add the columns of *other*, the table of *source*, to the rows of *base*.

    Both have rows.
    Row order is that of *base*. A column that *base* has already stays as it is,
    and that of *other* is left out. A null key matches nothing.

    Raises:
        SpecError: a key is missing, of unlike types, or more than once in
            *other*; or no row has a match.
    """
    import pyarrow as pa

    require_columns(base.column_names, {"join key": on}, "the table joined to")
    require_columns(other.column_names, {"join key": on}, f"source {source!r}")
    base_keys, other_keys = _key_numbers(base, other, on, source)
    _require_unique(other_keys, on, source)
    position = np.full(max(base_keys.max(), other_keys.max()) + 2, _NO_ROW, np.int64)
    position[other_keys] = np.arange(len(other_keys))
    # The last place belongs to rows with a null key, whose number is -1.
    position[_NO_ROW] = _NO_ROW
    rows = position[base_keys]
    if (rows == _NO_ROW).all():
        raise SpecError(
            f"source {source!r}: no row matches on {', '.join(on)}",
            hint="compare the keys' values in both sources; times without a zone are UTC",
        )
    matched = pa.array(rows, mask=rows == _NO_ROW)
    for name in other.column_names:
        if name not in base.column_names:
            base = base.append_column(name, other.column(name).take(matched))
    return base


def _require_unique(keys: NDArray[np.int64], on: Sequence[str], source: str) -> None:
    counts = np.bincount(keys[keys != _NO_ROW])
    repeated = int((counts > 1).sum())
    if repeated:
        raise SpecError(
            f"source {source!r}: {repeated} keys ({', '.join(on)}) stand in more than one row, "
            f"one of them in {counts.max()}: the join would multiply rows",
            hint="add a column to `on`, or keep one row per key in the source",
        )


def _key_numbers(
    base: pa.Table, other: pa.Table, on: Sequence[str], source: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct keys of both tables alike; -1 where a part is null."""
    numbers = np.zeros(len(base) + len(other), np.int64)
    is_null = np.zeros(len(numbers), np.bool_)
    for name in on:
        codes = _codes(base.column(name), other.column(name), name, source)
        is_null |= codes == _NO_ROW
        # Numbered afresh after each column, so that the product cannot overflow.
        numbers = np.unique(numbers * (codes.max() + 2) + codes, return_inverse=True)[1]
    numbers[is_null] = _NO_ROW
    return numbers[: len(base)], numbers[len(base) :]


def _codes(
    left: pa.ChunkedArray, right: pa.ChunkedArray, name: str, source: str
) -> NDArray[np.int64]:
    """Small integers for the values of *left* and then *right*; -1 for null."""
    import pyarrow as pa

    left, right = _alike(left, right, name, source)
    both = pa.chunked_array([*left.chunks, *right.chunks], left.type).combine_chunks()
    indices = both.dictionary_encode().indices.cast(pa.int64())
    codes: NDArray[np.int64] = indices.fill_null(_NO_ROW).to_numpy()
    return codes


def _alike(
    left: pa.ChunkedArray, right: pa.ChunkedArray, name: str, source: str
) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Both columns in one type, without loss."""
    import pyarrow as pa

    if left.type == right.type:
        return left, right
    common = promote(left.type, right.type)
    try:
        if common is not None:
            return left.cast(common), right.cast(common)
        times = utc_times(left), utc_times(right)
    except pa.ArrowInvalid:
        times = (None, None)
    if times[0] is None or times[1] is None:
        raise SpecError(
            f"source {source!r}: the key {name!r} is {right.type}, and {left.type} "
            "in the table joined to",
            hint="write the key the same way in both sources",
        )
    return times
