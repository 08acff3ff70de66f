"""A label column turned into the numbers that metrics compare with predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Mask, coded, nulls
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Task

_SHOWN = 5


def encode(
    values: Column, positive: str | float | bool, task: Task
) -> tuple[Column, tuple[str, ...]]:
    """The truth of each row, and the class names that it refers to.

    Binary: 1 where the value equals *positive* (`true` equals 1), else 0, and no
    names. Multiclass: codes into the sorted names. Regression: floats, no names.
    The names are those that *values* holds, so encode both sides of a split at once.

    Raises:
        SpecError: a null or an infinity, a label with fewer or more classes than
            the task has, no row that is *positive*, or text for a regression.
    """
    missing = nulls(values)
    if missing.any():
        raise SpecError(
            f"the label is null in {np.count_nonzero(missing)} of {values.size} rows,"
            f" first in row {int(np.argmax(missing)) + 1}",
            hint="leave such rows out of the dataset; a model cannot be judged on them",
        )
    if task == "regression":
        return _numbers(values), ()
    codes, names = coded(values)
    if len(names) < 2:
        raise SpecError(
            f"the label holds {_listed(names)} only; there is nothing to tell apart",
            hint="check the dataset's window and the name of the label column",
        )
    if task == "multiclass-classification":
        return codes, tuple(names)
    return _binary(values, positive, names), ()


def _binary(values: Column, positive: str | float | bool, names: Sequence[str]) -> Column:
    if len(names) > 2:
        raise SpecError(
            f"the label of a binary task has {len(names)} values: {_listed(names)}",
            hint="make a label of two values, or set task: multiclass-classification",
        )
    is_positive = _equal(values, positive)
    if not is_positive.any():
        raise SpecError(
            f"no row's label equals positive: {positive!r}; the label holds {_listed(names)}",
            hint="set `positive` to one of these values, quoted only if the label is text",
        )
    return is_positive.astype(np.int64)


def _equal(values: Column, positive: Any) -> Mask:
    if values.dtype.kind in "biuf":
        if isinstance(positive, str):
            return np.zeros(values.size, np.bool_)
        return np.asarray(values == positive, np.bool_)
    same = (bool(item == positive) for item in values.tolist())
    return np.fromiter(same, np.bool_, count=values.size)


def _numbers(values: Column) -> Floats:
    hint = "a regression needs a numeric label; for classes set another task"
    if values.dtype.kind in "bmM":
        raise SpecError(f"the label of a regression has the type {values.dtype}", hint=hint)
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise SpecError(f"the label is not a number: {error}", hint=hint) from error
    infinite = ~np.isfinite(numbers)
    if infinite.any():
        raise SpecError(
            f"the label is infinite in {np.count_nonzero(infinite)} of {values.size} rows,"
            f" first in row {int(np.argmax(infinite)) + 1}",
            hint="leave such rows out of the dataset",
        )
    return numbers


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, …" if len(names) > _SHOWN else shown or "no value"
