"""The holdout cut by the values of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlgitops.evaluation.arrays import Column, Integers, Mask, coded
from mlgitops.model.errors import SpecError

MAX_SLICES = 200
NULL_NAME = "∅"

_ESCAPES = str.maketrans({"\\": r"\\", ",": r"\,", "=": r"\=", NULL_NAME: "\\" + NULL_NAME})


def cut(columns: Mapping[str, Column], by: Sequence[str]) -> list[tuple[str, Mask]]:
    """Name and rows of each combination of values that occurs, sorted by name.

    Names read `origin=EWR,carrier=UA`, a null is `origin=∅`, and these signs
    within a value carry a backslash. The masks are disjoint and cover every row;
    beyond 200 slices only the largest are kept (ties: first by name).

    Raises:
        SpecError: there is no such column.
    """
    missing = [name for name in by if name not in columns]
    if missing:
        raise SpecError(
            f"there is no column {missing[0]!r} to slice by",
            hint=f"the columns are {', '.join(columns)}",
        )
    codes, names = _combined([(name, columns[name]) for name in by])
    counts = np.bincount(codes, minlength=len(names))
    largest = sorted(range(len(names)), key=lambda code: (-counts[code], names[code]))
    kept = sorted(largest[:MAX_SLICES], key=names.__getitem__)
    return [(names[code], codes == code) for code in kept]


def _combined(columns: Sequence[tuple[str, Column]]) -> tuple[Integers, list[str]]:
    """One code per row over all *columns*, and what each code stands for."""
    codes = np.zeros(columns[0][1].size, np.int64)
    names = [""]
    for column, values in columns:
        own, texts = coded(values)
        texts = [*(text.translate(_ESCAPES) for text in texts), NULL_NAME]
        own[own < 0] = len(texts) - 1
        pairs, codes = np.unique(codes * len(texts) + own, return_inverse=True)
        names = [
            ",".join(
                filter(None, (names[pair // len(texts)], f"{column}={texts[pair % len(texts)]}"))
            )
            for pair in pairs.tolist()
        ]
    return codes, names
