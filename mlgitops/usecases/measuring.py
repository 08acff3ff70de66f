"""Metric functions of the user's: code of the repository that turns scores into numbers.

They need the answers, so they are called only when every prediction is fixed, in a
job that gets truth and scores and nothing else. What they return is believed as far
as the code at the candidate's commit is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlgitops.evaluation.predictions import Measured, Predictions
from mlgitops.model.errors import SpecError
from mlgitops.usecases.code import code_of, functions_code
from mlgitops.usecases.scoring import Rows, score_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgitops.model.pipeline import MetricFunction
    from mlgitops.usecases.context import RunContext

_TRUTH = "truth"


def measured(
    run: RunContext, rows: Rows, models: Sequence[Predictions], table: Path
) -> list[Predictions]:
    """*models*, which predicted *rows*, with every metric function that is asked for.

    All are measured in one job; *table* is a new file's path, for truth and scores.
    Without such functions nothing is run.

    Raises:
        SpecError: a function failed, did not return one finite number for each row,
            or imports code whose change would go unseen.
    """
    asked = run.pipeline.evaluate
    functions = [function for function in asked.functions if function.name in asked.metrics]
    if not functions or not models:
        return list(models)
    scores = [score_columns(f"model_{place}", model) for place, model in enumerate(models)]
    columns: dict[str, NDArray[Any]] = {_TRUTH: rows.truth}
    for each in scores:
        columns |= each
    run.neighbours.tables.write(columns, table)
    out = table.with_name(f"{table.stem}-measured.parquet")
    request = {
        "root": str(run.origin.root), "table": str(table), "truth": _TRUTH, "out": str(out),
        "models": [
            {"columns": list(each), "classes": list(model.classes)}
            for each, model in zip(scores, models, strict=True)
        ],
        "functions": [
            {"entrypoint": one.entrypoint, "out": [_column(one, n) for n in range(len(models))]}
            for one in functions
        ],
    }  # fmt: skip
    answer = run.run_job("measure", request)
    _require_listed(run, answer["files"])
    return [
        replace(model, measured=_read(run, out, functions, place, len(rows.truth)))
        for place, model in enumerate(models)
    ]


def _column(function: MetricFunction, place: int) -> str:
    return f"{function.name}_{place}"


def _read(
    run: RunContext, out: Path, functions: Sequence[MetricFunction], place: int, rows: int
) -> dict[str, Measured]:
    """What the functions gave for the model at *place*, checked: the job's code wrote it."""
    names = [_column(function, place) for function in functions]
    columns = run.neighbours.tables.read(out, names)
    found = {}
    for function, name in zip(functions, names, strict=True):
        values = columns[name]
        is_sound = values.dtype.kind in "iuf" and values.shape == (rows,)
        if not is_sound or not np.isfinite(values).all():
            raise SpecError(
                f"the metric function {function.entrypoint!r} left no finite number for each "
                f"of {rows} rows",
                hint="return one number for each row; the metric is their mean",
            )
        found[function.name] = Measured(values.astype(np.float64), function.direction)
    return found


def _require_listed(run: RunContext, files: Sequence[str]) -> None:
    """Refuse code whose changes would go unseen.

    Raises:
        SpecError: a file was imported that lies neither beside a function nor in `train.code`.
    """
    known = {*code_of(run), *functions_code(run)}
    unlisted = [file for file in files if not {f"code {file}", f"function code {file}"} & known]
    if unlisted:
        tops = dict.fromkeys(function.code for function in run.pipeline.evaluate.functions)
        raise SpecError(
            f"mlops/pipelines/{run.pipeline.name}.yaml: evaluate.functions: the code imports "
            f"{', '.join(unlisted)}, whose changes would go unseen",
            hint=f"move what it needs into {' or '.join(tops)}, or list it in train.code",
        )
