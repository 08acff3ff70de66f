"""Changes of a table's columns that a model has to bear, the same ones on every run.

Columns are as `ports.Tables.read` gives them. Chance is seeded by the kind of change
and the column, so that other columns change nothing, and a stronger noise or a larger
share goes on where a weaker one stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Mask, nulls
from mlgitops.model.pipeline import Perturbation

_UNSEEN = "unseen"
_LARGEST_EXACT_INTEGER = 2.0**53


def kind(how: Perturbation) -> str:
    """Which of the changes *how* is."""
    given = {"noise": how.noise, "missing": how.missing, "unseen": how.unseen}
    return next((name for name, value in given.items() if value), "scale")


def perturb(
    how: Perturbation, columns: Mapping[str, Column], numbers: Collection[str], unseen: str
) -> dict[str, Column]:
    """*columns* changed as *how* says; those that it does not touch are the same arrays.

    *numbers* names the columns that noise may touch; *unseen* is what text becomes.
    Numbers come back as floats, but for whole ones that *scale* keeps whole.
    """
    changed = dict(columns)
    if how.noise is not None:
        changed |= {name: _noisy(name, columns[name], how.noise) for name in numbers}
    if how.missing is not None:
        changed |= {name: _emptied(name, columns[name], how.missing) for name in columns}
    for name in how.unseen:
        changed[name] = np.full(columns[name].size, unseen, dtype=object)
    for name, factor in (how.scale or {}).items():
        changed[name] = _scaled(columns[name], factor)
    return changed


def changed_rows(before: Mapping[str, Column], after: Mapping[str, Column]) -> int:
    """How many rows differ in any column; two nulls are equal."""
    differs = [_differs(column, after[name]) for name, column in before.items()]
    return int(np.count_nonzero(np.logical_or.reduce(differs))) if differs else 0


def unseen_value(seen: Iterable[Column]) -> str:
    """A text that none of the columns *seen* holds."""
    known = {value for column in seen for value in column.tolist() if isinstance(value, str)}
    value = _UNSEEN
    while value in known:
        value += "_"
    return value


def _noisy(name: str, column: Column, share: float) -> Floats:
    """Normal noise of *share* standard deviations of the finite values; nulls stay."""
    values = column.astype(np.float64)
    noise = _chance("noise", name).standard_normal(values.size)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values + noise * (share * _spread(values)))


def _spread(values: Floats) -> float:
    """The standard deviation of the finite *values*, also of very large ones; 0 without any."""
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max(initial=0.0))
    return float((finite / largest).std()) * largest if largest else 0.0


def _emptied(name: str, column: Column, share: float) -> Column:
    """*column* with null in *share* of its cells, which may be null already."""
    places = _chance("missing", name).permutation(column.size)
    emptied = places[: round(share * column.size)]
    missing: Column
    if column.dtype.kind in "mMO":
        missing = column.copy()
        missing[emptied] = None
    else:
        missing = column.astype(np.float64)
        missing[emptied] = np.nan
    return missing


def _scaled(column: Column, factor: float) -> Column:
    with np.errstate(over="ignore", invalid="ignore"):
        product = column.astype(np.float64) * factor
    is_whole = column.dtype.kind in "iu" and bool(
        np.all((np.trunc(product) == product) & (np.abs(product) <= _LARGEST_EXACT_INTEGER))
    )
    return product.astype(np.int64) if is_whole else product


def _differs(before: Column, after: Column) -> Mask:
    if before is after:
        return np.zeros(before.size, np.bool_)
    return np.asarray((before != after) & ~(nulls(before) & nulls(after)), np.bool_)


def _chance(change: str, column: str) -> np.random.Generator:
    seed = hashlib.sha256(f"{change}\0{column}".encode()).digest()[:8]
    return np.random.Generator(np.random.PCG64(int.from_bytes(seed)))
