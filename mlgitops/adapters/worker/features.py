"""The `features` job, and the rules that a features callable has to keep.

Serving calls the same callable on a few rows, or one. So a row's features may
depend on that row only: `require_same` compares what the callable gives at
different times and on fewer rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # noqa: TID253 - this module runs in a child process only
import pyarrow as pa  # noqa: TID253 - this module runs in a child process only

from mlgitops.adapters.worker import entrypoints, frames
from mlgitops.model.errors import SpecError

FeaturesCallable = Callable[[pd.DataFrame], pd.DataFrame]

_ONE_ROW_ONE_RESULT = (
    "features of a row may depend on that row only: no statistics of the whole table, no codes "
    "that follow from the categories at hand, nothing random"
)


def build(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a `features` request."""
    table, keep, out = Path(request["table"]), request["keep"], Path(request["out"])
    entrypoint = request.get("entrypoint")
    if entrypoint is None:
        features = frames.read(table, [c for c in request["columns"] if c not in keep])
    else:
        root = Path(request["root"])
        function = entrypoints.load(root, entrypoint)
        frame = frames.read_frame(table, request["columns"])
        features = frames.to_table(apply(function, frame, entrypoint, root))
    kept = frames.read(table, keep)
    for name in keep:
        if name in features.column_names:
            raise SpecError(
                f"{entrypoint!r} returns the column {name!r}, which is not a feature",
                hint="return features only; the label is kept beside them",
            )
        features = features.append_column(kept.schema.field(name), kept[name])
    frames.write(features, out)
    return {"columns": frames.columns_of(features.schema)}


def apply(function: FeaturesCallable, frame: pd.DataFrame, name: str, root: Path) -> pd.DataFrame:
    """Call the features callable *name*, and hold it to its contract.

    Raises:
        SpecError: it raised, or did not return one row of named columns for each
            row it was given, in the same order.
    """
    index = frame.index
    with entrypoints.user_code(f"{name!r} raised", root):
        features = function(frame.copy())
    if not isinstance(features, pd.DataFrame):
        raise SpecError(f"{name!r} returned a {type(features).__name__}, not a DataFrame")
    if len(features) != len(index):
        raise SpecError(
            f"{name!r} returned {len(features)} rows for {len(index)}",
            hint="filter rows in the dataset's window or query, not in features",
        )
    if not features.index.equals(index):
        raise SpecError(
            f"{name!r} returned rows in another order, or with another index",
            hint="keep the index of the frame that comes in",
        )
    names = list(features.columns)
    if not names or not all(isinstance(n, str) for n in names) or len(set(names)) < len(names):
        raise SpecError(f"{name!r} must return columns with distinct names, got {names!r}")
    return features


def require_same(now: pa.Table, before: pa.Table, name: str, when: str) -> None:
    """Refuse a callable whose features *now* are not what they were *before*.

    Types may differ, since integers become floats where one is missing.

    Raises:
        SpecError: other columns or other values; *when* says what was compared.
    """
    if now.column_names != before.column_names:
        raise SpecError(
            f"{name!r} gives other columns {when}: {now.column_names} after {before.column_names}",
            hint=_ONE_ROW_ONE_RESULT,
        )
    for column in now.column_names:
        if not _equal(now[column], before[column]):
            raise SpecError(
                f"{name!r} gives other values in column {column!r} {when}",
                hint=_ONE_ROW_ONE_RESULT,
            )


def _equal(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    if _is_number(one.type) and _is_number(other.type):
        # Vectorised arithmetic may round its last rows differently.
        a, b = (column.cast(pa.float64(), safe=False).to_numpy() for column in (one, other))
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=0, equal_nan=True))
    if one.type != other.type:
        # A column without any value has no type of its own.
        return bool(one.null_count == len(one) and other.null_count == len(other))
    return bool(one.equals(other))


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))
