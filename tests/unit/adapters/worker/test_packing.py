from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest
import yaml

from mlgitops.model.errors import SpecError

pytestmark = pytest.mark.slow

# Serves a model as a stranger would: without this project on the path.
SERVE = """
import json, sys
sys.modules["mlgitops"] = None  # importing it raises
import mlflow.pyfunc, pandas
rows = pandas.read_parquet(sys.argv[2]).drop(columns="late")
model = mlflow.pyfunc.load_model(sys.argv[1])
print(json.dumps(model.predict(rows)[:, 1].tolist()))
"""


def serve(model: Path, table: Path, tmp_path: Path) -> list[float]:
    environment = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    served = subprocess.run(
        [sys.executable, "-I", "-c", SERVE, str(model), str(table)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert served.returncode == 0, served.stderr
    predictions: list[float] = json.loads(served.stdout)
    return predictions


def test_a_stranger_serves_the_folder_and_predicts_the_same(
    workspace: Any, train: Any, flights: pd.DataFrame, tmp_path: Path
):
    workspace.code(
        "flights/model.py",
        "import pandas as pd\n"
        "from flights.more import scale\n"
        "from sklearn.ensemble import HistGradientBoostingClassifier\n"
        "class Mine(HistGradientBoostingClassifier): ...\n"
        "def build(d):\n"
        "    return d.assign(carrier=d['carrier'].astype('category'), distance=scale(d))\n"
        "def train(X, y, *, seed): return Mine(random_state=seed).fit(X, y)\n",
    )
    workspace.code("flights/more.py", "def scale(d): return d['distance'] / 1000\n")
    train(
        flights,
        entrypoint="flights.model:train",
        features_entrypoint="flights.model:build",
        code=["flights"],
    )
    raw = workspace.out("raw.parquet")
    workspace.run(
        "predict", model=str(workspace.out("model")), table=str(raw), positive="yes",
        task="binary-classification", out=str(workspace.out("scores.parquet")),
    )  # fmt: skip

    served = serve(workspace.out("model"), raw, tmp_path)
    assert served == list(workspace.read("scores.parquet")["score"])
    assert np.corrcoef(served, flights["late"] == "yes")[0, 1] > 0.5


def test_the_signature_says_of_each_column_whether_it_may_be_missing(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    flights.loc[len(flights) - 1, "carrier"] = None
    flights.loc[len(flights) - 1, "hour"] = None
    flights["rare"] = [None] * (len(flights) - 1) + ["x"]
    flights["day"] = date(2013, 1, 1)
    workspace.code("f.py", "def build(d): return d[['distance']]\n")
    train(
        flights,
        estimator="sklearn.linear_model.LogisticRegression",
        features_entrypoint="f:build",
        code=["f.py"],
    )
    description = yaml.safe_load((workspace.out("model") / "MLmodel").read_text())
    columns = json.loads(description["signature"]["inputs"])
    assert [(c["name"], c["type"], c["required"]) for c in columns] == [
        ("distance", "double", True),
        ("hour", "double", False),
        ("carrier", "string", False),
        ("rare", "string", False),
        ("day", "datetime", True),
    ]


def test_the_folder_says_nothing_of_when_and_where_it_was_made(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    request = {"estimator": "sklearn.dummy.DummyClassifier", "model_uuid": "f" * 32}
    train(flights, **request)
    train(
        flights,
        **request,
        utc_time_created="2026-01-02 03:04:05.000000",
        out=str(workspace.out("dated")),
    )
    described = yaml.safe_load((workspace.out("model") / "MLmodel").read_text())
    dated = yaml.safe_load((workspace.out("dated") / "MLmodel").read_text())

    assert described["model_uuid"] == "f" * 32
    assert described["utc_time_created"] == "2000-01-01 00:00:00.000000"
    assert dated["utc_time_created"] == "2026-01-02 03:04:05.000000"
    for file in workspace.out("model").rglob("*"):
        assert file.is_dir() or str(workspace.folder).encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (pd.to_timedelta(range(400), unit="s"), "duration"),
        ([Decimal("1.5")] * 400, "decimal"),
        (np.arange(400, dtype="uint64"), "uint64"),
    ],
)
def test_a_column_that_mlflow_has_no_type_for_is_refused(
    workspace: Any, train: Any, flights: pd.DataFrame, values: Any, type_: str
):
    flights["odd"] = values
    workspace.code("f.py", "def build(d): return d[['distance']]\n")

    with pytest.raises(SpecError, match=f"'odd' is of type {type_}"):
        train(
            flights,
            estimator="sklearn.dummy.DummyClassifier",
            features_entrypoint="f:build",
            code=["f.py"],
        )
