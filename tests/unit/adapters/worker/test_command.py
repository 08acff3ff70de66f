from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest
import yaml

from mlgitops.model.errors import SpecError

pytestmark = pytest.mark.slow

TRAIN = """
import json, os
import mlflow.sklearn, pandas
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

rows = pandas.read_parquet(os.environ["MLGITOPS_INPUT"])
y = rows.pop(os.environ["MLGITOPS_LABEL"])
params = json.loads(os.environ["MLGITOPS_PARAMS"])
model = LogisticRegression(random_state=int(os.environ["MLGITOPS_SEED"]), **params).fit(rows, y)
mlflow.sklearn.save_model(
    model, os.environ["MLGITOPS_OUTPUT"], signature=infer_signature(rows, y),
    pip_requirements=["scikit-learn"], serialization_format="cloudpickle",
)
json.dump({"cwd": os.getcwd(), "classes": sorted(set(y.tolist())), **os.environ}, open("NOTES/seen", "w"))
"""
TRACK = """
import mlflow
mlflow.log_metric("tried", 1)
mlflow.log_text("a word", "note.txt")
"""
PYFUNC = """
import os
import mlflow.pyfunc, pandas
from mlflow.models import infer_signature

rows = pandas.read_parquet(os.environ["MLGITOPS_INPUT"])[["hour"]]

class Hours(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["hour"] / 24

mlflow.pyfunc.save_model(
    os.environ["MLGITOPS_OUTPUT"], python_model=Hours(), pip_requirements=["mlflow"],
    signature=infer_signature(rows, rows["hour"] / 24),
)
"""
WRITE_MLMODEL = """
import os, pathlib
out = pathlib.Path(os.environ["MLGITOPS_OUTPUT"])
out.mkdir()
(out / "MLmodel").write_text({!r})
"""
COLUMNS = ["distance", "hour"]


def test_a_command_writes_a_model_that_predicts(workspace: Any, train: Any, flights: pd.DataFrame):
    workspace.code("train.py", TRAIN.replace("NOTES", str(workspace.notes)))

    answer = train(
        flights, command=["python", "train.py"], raw_columns=COLUMNS, params={"C": 0.5}, seed=3
    )
    seen = json.loads((workspace.notes / "seen").read_text())
    assert [column["name"] for column in answer["inputs"]] == COLUMNS
    assert "scikit-learn" in answer["requirements"]
    assert seen["cwd"] == str(workspace.root)
    assert seen["classes"] == ["no", "yes"]
    assert seen["MLGITOPS_POSITIVE"] == '"yes"'
    assert seen["MLGITOPS_SEED"] == "3"
    assert seen["MLGITOPS_TASK"] == "binary-classification"
    described = yaml.safe_load((workspace.out("model") / "MLmodel").read_text())
    assert described["model_uuid"] == "0" * 32
    assert described["utc_time_created"] == "2000-01-01 00:00:00.000000"

    workspace.run(
        "predict", model=str(workspace.out("model")), task="binary-classification", positive="yes",
        table=str(workspace.out("raw.parquet")), out=str(workspace.out("scores.parquet")),
    )  # fmt: skip
    assert workspace.read("scores.parquet")["score"].between(0, 1).all()


def test_a_model_of_another_flavor_predicts_scores(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    workspace.code("train.py", PYFUNC)

    answer = train(flights, command=["python", "train.py"], raw_columns=["hour"])
    assert answer["inputs"] == [{"name": "hour", "type": "int64"}]

    workspace.run(
        "predict", model=str(workspace.out("model")), task="binary-classification", positive="yes",
        table=workspace.table("holdout", flights[["hour"]]),
        out=str(workspace.out("scores.parquet")),
    )  # fmt: skip
    assert list(workspace.read("scores.parquet")["score"]) == list(flights["hour"] / 24)


@pytest.mark.parametrize(
    ("code", "message", "details"),
    [
        ("print('the reason'); raise SystemExit(3)", "ended with exit code 3", "the reason"),
        ("raise ValueError('boom')", "ended with exit code 1", "ValueError: boom"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by signal 9", ""),
        ("pass", "there is no MLmodel", ""),
        (
            PYFUNC.replace('signature=infer_signature(rows, rows["hour"] / 24),', ""),
            "has no signature",
            "",
        ),
        (
            WRITE_MLMODEL.format("]["),
            "no readable MLflow model",
            "",
        ),
        (
            WRITE_MLMODEL.format("flavors: {}"),
            "no python_function flavor",
            "",
        ),
    ],
)
def test_a_command_that_fails_says_how(
    workspace: Any, train: Any, flights: pd.DataFrame, code: str, message: str, details: str
):
    workspace.code("train.py", code)

    with pytest.raises(SpecError, match=message) as caught:
        train(flights, command=["python", "train.py"], raw_columns=COLUMNS)
    assert details in (caught.value.details or "")


def test_a_program_that_does_not_exist_is_named(train: Any, flights: pd.DataFrame):
    with pytest.raises(SpecError, match="'no-such-program' cannot be started: No such file"):
        train(flights, command=["no-such-program"], raw_columns=COLUMNS)


def test_a_model_that_asks_for_what_it_will_not_get_is_refused(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    workspace.code(
        "train.py",
        TRAIN.replace("infer_signature(rows", "infer_signature(rows.assign(z=1)").replace(
            "NOTES", str(workspace.notes)
        ),
    )

    with pytest.raises(SpecError, match="asks for the column 'z'"):
        train(flights, command=["python", "train.py"], raw_columns=COLUMNS)


def test_a_features_callable_has_no_place_in_a_commands_model(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    workspace.code("f.py", "def build(d): return d")

    with pytest.raises(SpecError, match="cannot be packed with the model of a training command"):
        train(flights, command=["true"], features_entrypoint="f:build")


def test_nothing_is_left_in_the_checkout(workspace: Any, train: Any, flights: pd.DataFrame):
    code = TRAIN.replace("NOTES", str(workspace.notes))
    workspace.code("train.py", code + TRACK)

    train(flights, command=["python", "train.py"], raw_columns=COLUMNS)
    assert sorted(path.name for path in Path(workspace.root).iterdir()) == ["train.py"]
