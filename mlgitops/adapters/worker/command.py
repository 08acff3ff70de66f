"""The third training contract: a command that writes an MLflow model folder."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd  # noqa: TID253 - this module runs in a child process only
import pyarrow as pa  # noqa: TID253 - this module runs in a child process only

from mlgitops.adapters.worker import frames, packing
from mlgitops.model.errors import SpecError


def train(request: Mapping[str, Any], y: pd.Series[Any]) -> dict[str, Any]:
    """Run the request's command on its table, whose label column becomes *y*.

    It must write a model that predicts from the raw columns.

    Raises:
        SpecError: it cannot be started, failed, or wrote no such model.
    """
    if request.get("features_entrypoint"):
        raise SpecError(
            "a features entrypoint cannot be packed with the model of a training command",
            hint="make the features in the command, inside the model that it writes",
        )
    out = Path(request["out"])
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "train.parquet"
        frames.write(_with_label(Path(request["table"]), request["label"], y), table)
        _run(request, table)
    raw_columns: list[str] = request["raw_columns"]
    inputs = packing.adopt(out, request)
    if inputs is None:
        raise SpecError(
            "the training command's model has no signature, so nobody can tell what it asks for",
            hint="pass `signature=infer_signature(X, model.predict(X))` to save_model",
        )
    unknown = [name for name in inputs if name not in raw_columns]
    if unknown:
        raise SpecError(
            f"the command's model asks for the column {unknown[0]!r}, which is not a raw column",
            hint=f"it may use {', '.join(raw_columns)}",
        )
    schema = frames.schema(Path(request["raw"]), inputs)
    return {
        "inputs": frames.columns_of(schema),
        "requirements": packing.requirements(out),
        "files": [],
    }


def _run(request: Mapping[str, Any], table: Path) -> None:
    command: list[str] = request["command"]
    environment = {
        **os.environ,  # noqa: TID251 - the worker's own, which holds no credentials
        "MLGITOPS_INPUT": str(table),
        "MLGITOPS_OUTPUT": request["out"],
        "MLGITOPS_LABEL": request["label"],
        "MLGITOPS_POSITIVE": json.dumps(request["positive"]),
        "MLGITOPS_TASK": request["task"],
        "MLGITOPS_SEED": str(request["seed"]),
        "MLGITOPS_PARAMS": json.dumps(request["params"], sort_keys=True),
    }
    try:
        ended = subprocess.run(
            command, cwd=request["root"], env=environment, stdin=subprocess.DEVNULL, check=False
        )
    except OSError as error:
        raise SpecError(
            f"the training command {command[0]!r} cannot be started: {error.strerror}",
            hint="the command runs in the repository's root; its program is looked up in PATH",
        ) from error
    if ended.returncode < 0:
        raise SpecError(f"the training command {command} was killed by signal {-ended.returncode}")
    if ended.returncode:
        raise SpecError(f"the training command {command} ended with exit code {ended.returncode}")


def _with_label(table: Path, label: str, y: pd.Series[Any]) -> pa.Table:
    rows = frames.read(table)
    return rows.set_column(rows.column_names.index(label), label, pa.array(y, from_pandas=True))
