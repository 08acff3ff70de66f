"""The `predict` job: predictions of a packed model for raw rows, never metrics."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # noqa: TID253 - this module runs in a child process only
import pyarrow as pa  # noqa: TID253 - this module runs in a child process only
from numpy.typing import NDArray

from mlgitops.adapters.worker import entrypoints, frames, packing
from mlgitops.model.errors import SpecError

_WARM_UP_CALLS = 5


def predict(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a `predict` request."""
    folder, table = Path(request["model"]), Path(request["table"])
    task, positive = request["task"], request["positive"]
    # A model must not lean on the checkout that it was made in.
    os.chdir(tempfile.mkdtemp())
    with entrypoints.user_code("the model cannot be loaded", folder):
        model = packing.load(folder)
    rows = _rows(table, model)

    def answer(some: pd.DataFrame) -> dict[str, NDArray[Any]]:
        if model.sklearn is not None:
            return _of_sklearn(model.sklearn, some, task, positive)
        return _of_pyfunc(model.pyfunc, some, task)

    with entrypoints.user_code("the model cannot predict", folder):
        columns = answer(rows)
    for name, values in columns.items():
        _require_sound(name, values, len(rows), task)
    frames.write(pa.table(columns), Path(request["out"]))
    found: dict[str, Any] = {"rows": len(rows)}
    if request.get("latency_calls"):
        with entrypoints.user_code("the model cannot predict a single row", folder):
            found["milliseconds"] = _milliseconds(answer, rows, request["latency_calls"])
    return found


def _milliseconds(
    answer: Callable[[pd.DataFrame], Any], rows: pd.DataFrame, calls: int
) -> list[float]:
    """What each of *calls* predictions of one row takes, after a few that do not count."""
    times = []
    for call in range(-_WARM_UP_CALLS, calls):
        place = call % len(rows)
        one = rows.iloc[place : place + 1]
        started = time.perf_counter()
        answer(one)
        if call >= 0:
            times.append((time.perf_counter() - started) * 1000)
    return times


def _rows(table: Path, model: packing.LoadedModel) -> pd.DataFrame:
    there = frames.schema(table).names
    taken = there if model.inputs is None else model.inputs
    columns = [name for name in taken if name in there or name not in model.optional]
    rows = frames.read_frame(table, columns)
    # Integers that were floats in training, because one was missing there.
    whole = [c for c in columns if c in model.floats and pd.api.types.is_integer_dtype(rows[c])]
    return rows.astype(dict.fromkeys(whole, "float64")) if whole else rows


def _of_sklearn(
    model: Any, rows: pd.DataFrame, task: str, positive: str | float
) -> dict[str, NDArray[Any]]:
    if task == "regression":
        return {"prediction": _flat(model.predict(rows))}
    probabilities = np.asarray(model.predict_proba(rows), dtype="float64")
    classes = np.asarray(model.classes_).tolist()
    if task == "binary-classification":
        if positive not in classes:
            raise SpecError(
                f"the model knows the classes {classes}, and the positive one is {positive!r}",
                hint="fit it on the label's own values; `positive` is one of them",
            )
        return {"score": probabilities[:, classes.index(positive)]}
    return _by_class(probabilities, classes)


def _of_pyfunc(model: Any, rows: pd.DataFrame, task: str) -> dict[str, NDArray[Any]]:
    """Any other flavor: probabilities per class, or one number for each row.

    A binary model's are those of the positive class, or of the other one and it.
    """
    given = model.predict(rows)
    if task == "regression":
        return {"prediction": _flat(given)}
    if task == "binary-classification":
        values = np.asarray(given, dtype="float64")
        both_classes = values.ndim == 2 and values.shape[1] == 2
        return {"score": values[:, 1] if both_classes else _flat(values)}
    if not isinstance(given, pd.DataFrame):
        raise SpecError(
            f"the model returned a {type(given).__name__} for a multiclass task",
            hint="return a DataFrame with one column of probabilities for each class, so named",
        )
    return _by_class(given.to_numpy(dtype="float64"), list(given.columns))


def _by_class(probabilities: NDArray[np.float64], classes: list[Any]) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {
        f"p_{_class_name(value)}": probabilities[:, i] for i, value in enumerate(classes)
    }
    likeliest = probabilities.argmax(axis=1)
    return {**columns, "label": np.asarray(pd.Series(classes))[likeliest]}


def _class_name(value: Any) -> str:
    """A class as the label column's values are named: `true`, `2` for 2.0, else its text."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _flat(values: Any) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype="float64")
    return numbers[:, 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers


def _require_sound(name: str, values: NDArray[Any], rows: int, task: str) -> None:
    """Refuse what no metric could be computed from.

    Raises:
        SpecError: a number of rows other than *rows*, a value that is not finite,
            or a probability outside 0..1.
    """
    if values.shape != (rows,):
        raise SpecError(f"the model predicted an array of shape {values.shape} for {rows} rows")
    if name == "label":
        return
    wrong = ~np.isfinite(values)
    what = "NaN or infinity"
    if task != "regression" and not wrong.any():
        wrong = (values < 0) | (values > 1)
        what = "something outside 0..1, which is no probability,"
    if wrong.any():
        raise SpecError(
            f"the model predicts {what} in {int(wrong.sum())} of {rows} rows, "
            f"the first of them row {int(wrong.argmax())}",
            hint="look at those rows' missing values; every row needs a prediction",
        )
