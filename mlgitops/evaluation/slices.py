"""The holdout cut into parts: by the values of columns, or by conditions on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlgitops.evaluation.arrays import Column, Integers, Mask, coded, named
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Condition, SliceBy

MAX_SLICES = 200
NULL_NAME = "∅"

_ESCAPES = str.maketrans({"\\": r"\\", ",": r"\,", "=": r"\=", NULL_NAME: "\\" + NULL_NAME})


def parts(columns: Mapping[str, Column], declared: SliceBy) -> list[tuple[str, Mask]]:
    """Name and rows of every slice that *declared* asks for; one, if it is by conditions.

    Raises:
        SpecError: there is no such column, or bounds on one that holds no numbers.
    """
    if declared.name is None:
        return cut(columns, declared.columns)
    return [(declared.name, meeting(columns, declared.where))]


def title(by: Sequence[str]) -> str:
    """What a cut by these columns is called, unlike every other's."""
    return ",".join(column.translate(_ESCAPES) for column in by)


def cut(columns: Mapping[str, Column], by: Sequence[str]) -> list[tuple[str, Mask]]:
    """Name and rows of each combination of values that occurs, sorted by name.

    Names read `origin=EWR,carrier=UA`, a null is `origin=∅`, and these signs
    within a value carry a backslash. The masks are disjoint and cover every row;
    beyond 200 slices only the largest are kept (ties: first by name).

    Raises:
        SpecError: there is no such column.
    """
    codes, names = _combined([(name, _column(columns, name)) for name in by])
    counts = np.bincount(codes, minlength=len(names))
    largest = sorted(range(len(names)), key=lambda code: (-counts[code], names[code]))
    kept = sorted(largest[:MAX_SLICES], key=names.__getitem__)
    return [(names[code], codes == code) for code in kept]


def meeting(columns: Mapping[str, Column], where: Sequence[Condition]) -> Mask:
    """The rows that meet every condition; a null meets none.

    Values are equal if `cut` gives them one name: 3 is 3.0, and a day its ISO date.

    Raises:
        SpecError: there is no such column, or bounds on one that holds no numbers.
    """
    met = [_met(condition, _column(columns, condition.column)) for condition in where]
    return np.asarray(np.logical_and.reduce(met), np.bool_)


def _met(condition: Condition, values: Column) -> Mask:
    if condition.equals:
        codes, names = coded(values)
        # A column of booleans with nulls is read as 0.0 and 1.0.
        as_number = values.dtype.kind == "f"
        wanted = {
            named(float(value) if as_number and isinstance(value, bool) else value)
            for value in condition.equals
        }
        return np.isin(codes, [code for code, name in enumerate(names) if name in wanted])
    if values.dtype.kind not in "iuf":
        raise SpecError(
            f"the column {condition.column!r} holds no numbers, so nothing is at least or below",
            hint="name the values instead, or add a column of numbers to the dataset",
        )
    met = ~np.isnan(values)
    if condition.at_least is not None:
        met &= values >= condition.at_least
    if condition.below is not None:
        met &= values < condition.below
    return np.asarray(met, np.bool_)


def _column(columns: Mapping[str, Column], name: str) -> Column:
    if name not in columns:
        raise SpecError(
            f"there is no column {name!r} to slice by",
            hint=f"the columns are {', '.join(columns)}",
        )
    return columns[name]


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
