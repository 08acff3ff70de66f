"""Training labels as every training contract gets them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # noqa: TID253 - this module runs in a child process only

from mlgitops.adapters.worker import frames
from mlgitops.model.errors import SpecError

_SHOWN_VALUES = 5


def read(request: Mapping[str, Any]) -> pd.Series[Any]:
    """The label column of a `train` request's table, in table order.

    Classes are the values as they are, so that a model answers with the label's
    own; a regression has float64.

    Raises:
        SpecError: a label is missing, the task has not as many classes, the positive
            one is not there, or a regression's label is not a finite number.
    """
    label: str = request["label"]
    values = frames.read_frame(Path(request["table"]), [label])[label]
    missing = int(values.isna().sum())
    if missing:
        raise SpecError(
            f"the label {label!r} is missing in {missing} of {len(values)} training rows",
            hint="leave those rows out in the dataset, or check the label with an expectation",
        )
    if isinstance(values.dtype, pd.CategoricalDtype | pd.StringDtype):
        values = values.astype(object)
    task = request["task"]
    if task == "regression":
        return _numbers(values, label)
    if values.nunique() < 2:
        raise SpecError(f"the label {label!r} has one value only in the training rows")
    if task == "binary-classification":
        _require_two(values, label, request["positive"])
    return values


def _require_two(values: pd.Series[Any], label: str, positive: str | float) -> None:
    found = values.unique().tolist()
    seen = ", ".join(repr(value) for value in found[:_SHOWN_VALUES])
    if positive not in found:
        raise SpecError(
            f"the label {label!r} is {positive!r} in no training row; it holds {seen}",
            hint="set `positive` in the pipeline to the value that the model shall find",
        )
    if len(found) > 2:
        raise SpecError(
            f"the label {label!r} of a binary task holds {len(found)} values: {seen}",
            hint="make a label of two values, or set task: multiclass-classification",
        )


def _numbers(values: pd.Series[Any], label: str) -> pd.Series[Any]:
    try:
        numbers = values.astype("float64")
    except (TypeError, ValueError) as error:
        raise SpecError(f"the label {label!r} of a regression must hold numbers") from error
    if not np.isfinite(numbers).all():
        raise SpecError(f"the label {label!r} holds an infinite number")
    return numbers
