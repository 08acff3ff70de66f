from __future__ import annotations

import shutil
from typing import Any

import mlflow.sklearn  # noqa: TID253 - tests may start slowly
import numpy as np
import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.model.errors import SpecError
from mlgitops.usecases.access import access_to, own_output

pytestmark = pytest.mark.slow

# Predicts what the column says, so that a test can choose it.
ECHO = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

class Echo(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y); return self
    def predict_proba(self, X):
        one = X["p"].to_numpy(dtype=float); return np.column_stack([1 - one, one])
    def predict(self, X):
        return X["p"].to_numpy(dtype=float)

def train(X, y, *, seed): return Echo().fit(X, y)
"""
BINARY = "binary-classification"


def predict(
    workspace: Any,
    frame: pd.DataFrame,
    task: str = BINARY,
    model: str = "model",
    positive: Any = "yes",
) -> Any:
    answer = workspace.run(
        "predict", model=str(workspace.out(model)), table=workspace.table("holdout", frame),
        task=task, positive=positive, out=str(workspace.out("predictions.parquet")),
    )  # fmt: skip
    predictions = workspace.read("predictions.parquet")
    assert answer == {"rows": len(frame)}
    assert len(predictions) == len(frame)
    return predictions


def echo(workspace: Any, train: Any, task: str = BINARY) -> None:
    workspace.code("echo.py", ECHO)
    label = [0.5, 1.5] if task == "regression" else ["no", "yes"]
    frame = pd.DataFrame({"p": [0.1, 0.9] * 30, "late": label * 30})
    train(frame, entrypoint="echo:train", code=["echo.py"], task=task)


def test_binary_scores_are_the_chance_of_the_positive_class(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    train(
        flights,
        estimator="sklearn.linear_model.LogisticRegression",
        raw_columns=["hour", "distance"],
    )
    scores = predict(workspace, flights)

    assert list(scores.columns) == ["score"]
    positive = flights["late"] == "yes"
    assert scores.loc[positive, "score"].mean() > scores.loc[~positive, "score"].mean() + 0.1


@pytest.mark.parametrize(
    ("values", "positive"), [(("yes", "no"), "no"), ((1, 0), 0), ((True, False), False)]
)
def test_a_model_loaded_without_us_answers_with_the_labels_own_values(
    workspace: Any, train: Any, values: tuple[Any, Any], positive: Any
):
    hours = np.arange(60) % 24
    frame = pd.DataFrame({"hour": hours, "late": np.where(hours > 12, *values)})
    frame["late"] = frame["late"].astype(type(values[0]) if values[0] != "yes" else object)
    train(frame, estimator="sklearn.tree.DecisionTreeClassifier", positive=positive)

    model = mlflow.sklearn.load_model(str(workspace.out("model")))
    scores = predict(workspace, frame, positive=positive)["score"]

    assert (model.predict(frame[["hour"]]) == frame["late"]).all()
    described = mlflow.models.Model.load(str(workspace.out("model"))).metadata
    assert described["mlgitops"] == {"task": BINARY, "label": "late", "positive": positive}
    assert ((scores > 0.5) == (frame["late"] == positive)).all()


def test_a_model_that_does_not_know_the_positive_class_is_refused(workspace: Any, train: Any):
    echo(workspace, train)

    with pytest.raises(SpecError, match=r"knows the classes \['no', 'yes'\].* is 'late'"):
        predict(workspace, pd.DataFrame({"p": [0.5]}), positive="late")


def test_multiclass_has_a_column_for_each_class_and_the_likeliest_label(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    task = "multiclass-classification"
    train(
        flights,
        task=task,
        label="carrier",
        estimator="sklearn.ensemble.HistGradientBoostingClassifier",
        raw_columns=["hour", "distance"],
    )
    predictions = predict(workspace, flights.drop(columns="carrier"), task)

    assert list(predictions.columns) == ["p_AA", "p_DL", "p_UA", "label"]
    probabilities = predictions[["p_AA", "p_DL", "p_UA"]]
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert list(probabilities.idxmax(axis=1)) == ["p_" + label for label in predictions["label"]]


def test_regression_predicts_numbers(workspace: Any, train: Any):
    echo(workspace, train, "regression")

    predictions = predict(workspace, pd.DataFrame({"p": [-3.5, 12.0]}), "regression")
    assert predictions.to_dict("list") == {"prediction": [-3.5, 12.0]}


def test_columns_are_found_by_name_and_others_ignored(workspace: Any, train: Any):
    echo(workspace, train)

    scores = predict(workspace, pd.DataFrame({"z": ["x", "y"], "p": [0.25, 0.75]}))
    assert list(scores["score"]) == [0.25, 0.75]


def test_whole_numbers_are_floats_where_training_had_floats(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    flights.loc[0, "hour"] = None
    workspace.code(
        "f.py",
        "def build(d):\n"
        "    assert d['hour'].dtype == 'float64', d['hour'].dtype\n"
        "    return d.fillna(0)\n",
    )
    train(
        flights, estimator="sklearn.linear_model.LogisticRegression", raw_columns=["hour"],
        features_entrypoint="f:build", code=["f.py"],
    )  # fmt: skip

    assert len(predict(workspace, pd.DataFrame({"hour": [1, 2, 3]}))) == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, None, None], "predicts NaN or infinity in 2 of 3 rows, the first of them row 1"),
        ([0.5, 0.5, float("inf")], "predicts NaN or infinity in 1 of 3 rows"),
        ([0.5, 1.25, 0.5], "outside 0..1, which is no probability, in 1 of 3 rows"),
    ],
)
def test_what_no_metric_can_use_is_refused(
    workspace: Any, train: Any, values: list[Any], message: str
):
    echo(workspace, train)

    with pytest.raises(SpecError, match=message):
        predict(workspace, pd.DataFrame({"p": values}))
    assert not workspace.out("predictions.parquet").exists()


def test_a_missing_column_is_named(workspace: Any, train: Any):
    echo(workspace, train)

    with pytest.raises(SpecError, match="the table has no column 'p'"):
        predict(workspace, pd.DataFrame({"q": [1.0]}))


def test_an_optional_column_may_be_missing(workspace: Any, train: Any):
    workspace.code("echo.py", ECHO)
    late = ["no", "yes"] * 30
    frame = pd.DataFrame({"p": [0.1, 0.9] * 30, "q": [1.0, None] * 30, "late": late})
    train(frame, entrypoint="echo:train", code=["echo.py"])

    found = predict(workspace, pd.DataFrame({"p": [0.3]}))

    assert found["score"].tolist() == [0.3]


def test_a_model_that_raises_shows_its_own_frames(workspace: Any, train: Any):
    echo(workspace, train)

    with pytest.raises(SpecError, match="the model cannot predict: ValueError") as caught:
        predict(workspace, pd.DataFrame({"p": ["a"]}))
    assert "code/echo.py" in (caught.value.details or "")


def test_a_folder_without_a_model_is_refused(workspace: Any):
    with pytest.raises(SpecError, match="no readable MLflow model"):
        predict(workspace, pd.DataFrame({"p": [0.5]}), model="absent")


def test_code_that_was_not_packed_is_missed(workspace: Any, train: Any):
    workspace.code("other.py", "def fix(d): return d")
    workspace.code("echo.py", ECHO.replace("import numpy", "import other\nimport numpy", 1))
    frame = pd.DataFrame({"p": [0.1, 0.9], "late": ["no", "yes"]})
    train(frame, entrypoint="echo:train", code=["echo.py"])

    with pytest.raises(SpecError, match=r"cannot be loaded: ModuleNotFoundError.*'other'"):
        predict(workspace, frame)


def test_two_models_with_modules_of_one_name_each_run_their_own(workspace: Any, train: Any):
    """The champion's code is older than the candidate's and has the same name."""
    frame = pd.DataFrame({"p": [0.125, 0.875] * 30, "late": ["no", "yes"] * 30})
    for name, body in (("champion", "d"), ("candidate", "1 - d")):
        workspace.code("echo.py", ECHO)
        workspace.code("f.py", f"def build(d): return {body}")
        train(
            frame, entrypoint="echo:train", features_entrypoint="f:build",
            code=["echo.py", "f.py"], out=str(workspace.out(name)),
        )  # fmt: skip
        shutil.rmtree(workspace.root)
        workspace.root.mkdir()

    rows = pd.DataFrame({"p": [0.25, 1.0]})
    assert list(predict(workspace, rows, model="champion")["score"]) == [0.25, 1.0]
    assert list(predict(workspace, rows, model="candidate")["score"]) == [0.75, 0.0]
    assert list(predict(workspace, rows, model="champion")["score"]) == [0.25, 1.0]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([True, False], ["p_false", "p_true"]),
        ([2, 1], ["p_1", "p_2"]),
        (["2", "x"], ["p_2", "p_x"]),
    ],
)
def test_classes_are_named_as_the_values_of_the_label(
    workspace: Any, train: Any, labels: list[Any], names: list[str]
):
    task = "multiclass-classification"
    frame = pd.DataFrame({"hour": range(40), "late": labels * 20})
    train(frame, task=task, estimator="sklearn.linear_model.LogisticRegression")

    assert list(predict(workspace, frame[["hour"]], task).columns) == [*names, "label"]


def timed(workspace: Any, rows: int, calls: int) -> Any:
    table = workspace.table("timed", pd.DataFrame({"p": np.linspace(0.1, 0.9, rows)}))
    return workspace.run(
        "predict", model=str(workspace.out("model")), table=table, task=BINARY, positive="yes",
        latency_calls=calls, out=str(workspace.out("timed-predictions.parquet")),
    )  # fmt: skip


def test_single_rows_are_timed_as_often_as_asked(workspace: Any, train: Any) -> None:
    echo(workspace, train)

    assert timed(workspace, rows=3, calls=0).keys() == {"rows"}
    milliseconds = timed(workspace, rows=3, calls=8)["milliseconds"]
    assert len(milliseconds) == 8
    assert all(0 < each < 10_000 for each in milliseconds)


def test_calls_are_of_one_row_each_after_a_warm_up(workspace: Any, train: Any) -> None:
    echo(workspace, train)
    code = ECHO.replace(
        "        one = X",
        "        print('rows', len(X), X['p'].iloc[0].round(1), flush=True)\n        one = X",
    )
    workspace.code("echo.py", code)
    frame = pd.DataFrame({"p": [0.1, 0.9] * 30, "late": ["no", "yes"] * 30})
    shutil.rmtree(workspace.out("model"))
    train(frame, entrypoint="echo:train", code=["echo.py"], task=BINARY)
    heard: list[bytes] = []
    request = {
        "model": str(workspace.out("model")), "positive": "yes", "task": BINARY,
        "table": workspace.table("timed", pd.DataFrame({"p": [0.1, 0.5, 0.9]})),
        "latency_calls": 4, "out": str(workspace.out("out.parquet")),
    }  # fmt: skip
    with own_output(request) as (asked, output):
        access = access_to("predict", asked, root=workspace.root, sources=[], output=output)
        workspace._worker.run("predict", asked, access, heard.append)
    calls = [line for line in b"".join(heard).decode().splitlines() if line.startswith("rows")]

    assert calls[0] == "rows 3 0.1"
    assert calls[1:] == [f"rows 1 {each}" for each in (0.5, 0.9, 0.1, 0.5, 0.9, 0.1, 0.5, 0.9, 0.1)]


def test_a_model_that_fails_on_a_single_row_is_refused(workspace: Any, train: Any) -> None:
    workspace.code(
        "echo.py",
        ECHO.replace("        one = X", "        assert len(X) != 1, 'alone'\n        one = X"),
    )
    frame = pd.DataFrame({"p": [0.1, 0.9] * 30, "late": ["no", "yes"] * 30})
    train(frame, entrypoint="echo:train", code=["echo.py"], task=BINARY)

    with pytest.raises(SpecError, match="cannot predict a single row: AssertionError: alone"):
        timed(workspace, rows=3, calls=2)
