"""Arrow columns ↔ numpy arrays, by the rules of `ports.Tables.read`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def to_numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    """Numbers and booleans (float64 with NaN if there are nulls), times, or objects."""
    import pyarrow as pa
    from pyarrow import types

    kind = column.type
    array: NDArray[Any]
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        if column.null_count and not types.is_floating(kind):
            column = column.cast(pa.uint8()) if types.is_boolean(kind) else column
            column = column.cast(pa.float64(), safe=False)
        array = column.to_numpy()
    elif types.is_timestamp(kind) or types.is_date(kind):
        array = column.cast(pa.timestamp("us")).to_numpy()
    else:
        array = np.empty(len(column), dtype=object)
        array[:] = column.to_pylist()
    return array


def from_numpy(name: str, array: NDArray[Any]) -> pa.Array:
    """An Arrow array with null where *array* has NaN, NaT or None; times are UTC.

    Raises:
        SpecError: objects of unlike types.
    """
    import pyarrow as pa

    try:
        if array.dtype.kind == "M":
            times = pa.array(array.astype("datetime64[us]"))
            return times.cast(pa.timestamp("us", "UTC"))
        return pa.array(array, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SpecError(
            f"column {name!r} holds values of different types",
            hint="a column is all numbers, all text, or all times",
        ) from error
