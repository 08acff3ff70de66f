"""The `measure` job: metric functions of the user's, one number for each row.

It is the one job that sees the holdout's labels, and it sees nothing else of the data:
truth and scores, by column. What it returns is checked again where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # noqa: TID253 - this module runs in a child process only
import pyarrow as pa  # noqa: TID253 - this module runs in a child process only
from numpy.typing import NDArray

from mlgitops.adapters.worker import entrypoints, frames
from mlgitops.model.errors import SpecError

_CONTRACT = "return one number for each row, in the order of the rows; the metric is their mean"


def measure(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a `measure` request."""
    root, table = Path(request["root"]), Path(request["table"])
    truth = frames.read_frame(table, [request["truth"]])[request["truth"]].to_numpy()
    scored = [_scores(table, model) for model in request["models"]]
    columns: dict[str, NDArray[np.float64]] = {}
    for wanted in request["functions"]:
        function = entrypoints.load(root, wanted["entrypoint"])
        for scores, out in zip(scored, wanted["out"], strict=True):
            columns[out] = _measured(function, wanted["entrypoint"], root, truth, scores)
    frames.write(pa.table(columns), Path(request["out"]))
    return {"rows": len(truth), "files": entrypoints.imported_files(root)}


def _scores(table: Path, model: Mapping[str, Any]) -> NDArray[np.float64] | pd.DataFrame:
    """One score a row, or a frame with a column for each class, so named."""
    frame = frames.read_frame(table, model["columns"])
    if model["classes"]:
        return frame.set_axis(model["classes"], axis=1)
    return np.asarray(frame[model["columns"][0]], dtype="float64")


def _measured(
    function: Callable[..., Any],
    name: str,
    root: Path,
    truth: NDArray[Any],
    scores: NDArray[np.float64] | pd.DataFrame,
) -> NDArray[np.float64]:
    # Copies: what one call changes in place is not the next one's business.
    given = truth.copy(), scores.copy()
    entrypoints.require_arguments(function, name, *given)
    with entrypoints.user_code(f"{name!r} raised", root):
        returned = function(*given)
    try:
        values = np.asarray(returned, dtype="float64")
    except (TypeError, ValueError) as error:
        raise SpecError(
            f"{name!r} returned a {type(returned).__name__} that is not of numbers",
            hint=_CONTRACT,
        ) from error
    if values.shape != truth.shape:
        raise SpecError(
            f"{name!r} returned an array of shape {values.shape} for {len(truth)} rows",
            hint=_CONTRACT,
        )
    wrong = ~np.isfinite(values)
    if wrong.any():
        raise SpecError(
            f"{name!r} gives NaN or infinity in {int(wrong.sum())} of {len(truth)} rows, "
            f"the first of them row {int(wrong.argmax())}",
            hint="every row needs a finite number",
        )
    return values
