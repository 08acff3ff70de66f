from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.process_worker.worker import ProcessWorker
from mlgitops.model.errors import SpecError

pytestmark = pytest.mark.slow

TRAIN = """
from sklearn.ensemble import HistGradientBoostingClassifier

def train(X, y, *, seed, max_iter=5):
    return HistGradientBoostingClassifier(max_iter=max_iter, random_state=seed).fit(X, y)
"""
FEATURES = """
import pandas as pd  # noqa: TID253 - tests may start slowly

def build(frame):
    carrier = pd.Categorical(frame["carrier"], categories=["UA", "AA", "DL", "B6"])
    return frame.assign(carrier=carrier, late_hour=frame["hour"] > 12)
"""
# Writes down what it was given, so that a test can look at it.
SPY = """
from sklearn.dummy import DummyClassifier

def train(X, y, *, seed):
    X.to_pickle("NOTES/x.pickle")
    y.to_pickle("NOTES/y.pickle")
    return DummyClassifier().fit(X, y)
"""
ESTIMATOR = {
    "estimator": "sklearn.linear_model.LogisticRegression",
    "raw_columns": ["distance", "hour"],
}


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_a_function_with_features_gives_a_folder_that_holds_its_code(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    workspace.code("flights/train.py", TRAIN)
    workspace.code("flights/features.py", FEATURES)

    answer = train(
        flights,
        entrypoint="flights.train:train",
        features_entrypoint="flights.features:build",
        code=["flights"],
        params={"max_iter": 3},
    )
    assert answer["inputs"][0] == {"name": "distance", "type": "double"}
    assert [column["name"] for column in answer["inputs"]] == ["distance", "hour", "carrier"]
    assert [line.partition("==")[0] for line in answer["requirements"]] == [
        "cloudpickle", "mlflow", "numpy", "pandas", "scikit-learn",
    ]  # fmt: skip
    assert answer["files"] == ["flights/features.py", "flights/train.py"]
    files = digests(workspace.out("model"))
    assert {"MLmodel", "model.pkl", "code/flights/train.py", "input_example.json"} <= set(files)
    assert not any("__pycache__" in name for name in files)


def test_two_trainings_in_fresh_workers_give_equal_bytes(
    workspace: Any, train: Any, flights: pd.DataFrame, tmp_path: Path
):
    workspace.code("flights/train.py", TRAIN)
    workspace.code("flights/features.py", FEATURES)
    request = {
        "entrypoint": "flights.train:train",
        "features_entrypoint": "flights.features:build",
        "code": ["flights"],
    }
    train(flights, **request)
    first = digests(workspace.out("model"))
    other = workspace.out("other")
    with ProcessWorker(tmp_path, tmp_path, {"OMP_NUM_THREADS": "1"}) as fresh:
        workspace.run(
            "train", fresh, **request, root=str(workspace.root), label="late", positive="yes",
            table=str(workspace.out("features.parquet")), raw=str(workspace.out("raw.parquet")),
            raw_columns=["distance", "hour", "carrier"], task="binary-classification", params={},
            seed=7, requirements=[], model_uuid="0" * 32, out=str(other),
        )  # fmt: skip

    assert digests(other) == first


def test_training_sees_what_the_packed_callable_gives(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    flights.loc[3, "hour"] = None
    flights["day"] = pd.to_datetime("2013-01-01") + pd.to_timedelta(range(len(flights)), unit="D")
    workspace.code("flights/train.py", SPY.replace("NOTES", str(workspace.notes)))
    workspace.code(
        "flights/features.py",
        "import pandas as pd\n"
        "def build(d):\n"
        "    small = d['distance'].astype('float32')\n"
        "    hour = pd.Categorical(d['hour'], categories=list(range(30)), ordered=True)\n"
        "    text = d['carrier'].astype(object).where(d['hour'] > 3, None)\n"
        "    maybe = d['hour'].astype('Int64')\n"
        "    return pd.DataFrame({'s': small, 'h': hour, 't': text, 'm': maybe, 'd': d['day']})\n",
    )
    train(
        flights,
        entrypoint="flights.train:train",
        features_entrypoint="flights.features:build",
        code=["flights"],
    )
    seen = pd.read_pickle(workspace.notes / "x.pickle")
    namespace: dict[str, Any] = {}
    exec((workspace.root / "flights/features.py").read_text(), namespace)  # noqa: S102 - ours

    raw = pd.read_parquet(workspace.out("raw.parquet")).drop(columns="late")
    pd.testing.assert_frame_equal(seen, namespace["build"](raw), check_exact=True)
    assert list(seen["h"].cat.categories) == list(range(30))
    y = pd.read_pickle(workspace.notes / "y.pickle")
    assert list(y) == list(flights["late"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("d.assign(hour=d['hour'] / d['hour'].mean())", "column 'hour' for the first 50 rows"),
        ("d.assign(hour=np.random.default_rng().random(len(d)))", "when it is called again"),
        ("pd.get_dummies(d)", "gives other columns for the first 50 rows alone"),
    ],
)
def test_features_that_depend_on_more_than_their_row_are_refused(
    workspace: Any, train: Any, flights: pd.DataFrame, body: str, message: str
):
    flights["carrier"] = ["AA"] * 60 + ["DL"] * (len(flights) - 60)
    workspace.code("flights/train.py", TRAIN)
    workspace.code(
        "flights/features.py",
        f"import numpy as np, pandas as pd\ndef build(d):\n    return {body}\n",
    )
    with pytest.raises(SpecError, match=message) as caught:
        train(
            flights,
            entrypoint="flights.train:train",
            features_entrypoint="flights.features:build",
            code=["flights"],
        )
    assert "that row only" in (caught.value.hint or "")


def test_category_codes_that_follow_from_the_rows_at_hand_are_refused(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    workspace.code(
        "flights/train.py",
        "from sklearn.linear_model import LogisticRegression\n"
        "class Codes(LogisticRegression):\n"
        "    def predict_proba(self, X): return super().predict_proba(self.codes(X))\n"
        "    def fit(self, X, y): return super().fit(self.codes(X), y)\n"
        "    def codes(self, X): return X.apply(lambda c: c.cat.codes)\n"
        "def train(X, y, *, seed): return Codes().fit(X, y)\n",
    )
    workspace.code(
        "flights/features.py",
        "def build(d): return d[['carrier']].astype('category')\n",
    )
    flights["carrier"] = ["ZZ"] * 60 + ["AA", "DL"] * ((len(flights) - 60) // 2)

    with pytest.raises(
        SpecError, match="predicts otherwise from the first 50 rows alone"
    ) as caught:
        train(
            flights,
            entrypoint="flights.train:train",
            features_entrypoint="flights.features:build",
            code=["flights"],
        )
    assert "fixed categories" in (caught.value.hint or "")


def test_an_estimator_needs_no_code_and_gets_the_seed(
    workspace: Any, train: Any, flights: pd.DataFrame
):
    answer = train(flights, **ESTIMATOR, params={"C": 0.5, "solver": "saga", "max_iter": 5000})

    assert len(answer["inputs"]) == 2
    assert not workspace.out("model/code").exists()


@pytest.mark.parametrize("task", ["multiclass-classification", "regression"])
def test_the_other_tasks(workspace: Any, train: Any, flights: pd.DataFrame, task: str):
    is_regression = task == "regression"
    kind = "HistGradientBoosting" + ("Regressor" if is_regression else "Classifier")

    train(
        flights,
        task=task,
        estimator=f"sklearn.ensemble.{kind}",
        label="distance" if is_regression else "carrier",
        raw_columns=["hour"],
    )
    predict_fn = "predict" if is_regression else "predict_proba"
    assert f"predict_fn: {predict_fn}\n" in (workspace.out("model") / "MLmodel").read_text()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"estimator": "sklearn.svm.LinearSVC"}, "LinearSVC, which has no predict_proba"),
        ({"estimator": "sklearn.preprocessing.StandardScaler"}, "cannot predict"),
        ({"estimator": "sklearn.linearmodel.Ridge"}, "there is no module 'sklearn.linearmodel'"),
        ({"estimator": "collections.OrderedDict"}, "no scikit-learn estimator: it has no fit and"),
        ({"params": {"c": 1}}, "unexpected keyword argument 'c'"),
        ({"params": {"C": -1}}, "fitting 'sklearn.linear_model.LogisticRegression' failed"),
        ({"estimator": "sklearn.linear_model.Logistic"}, "has no class 'Logistic'"),
        ({"raw_columns": ["carrier"]}, "could not convert string to float"),
        ({"code": ["absent"]}, "lists 'absent', which does not exist"),
        ({"positive": "maybe"}, "'maybe' in no training row"),
    ],
)
def test_an_estimator_that_cannot_work_is_refused(
    workspace: Any, train: Any, flights: pd.DataFrame, request_: dict[str, Any], message: str
):
    with pytest.raises(SpecError, match=message):
        train(flights, **(ESTIMATOR | request_))
    assert not workspace.out("model").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def train(X, y): ...", "unexpected keyword argument 'seed'"),
        ("def train(X, y, *, seed, depth): ...", "missing a required argument: 'depth'"),
        ("def train(X, y, *, seed): return None", "gave a builtins.NoneType, which cannot predict"),
        (
            "def train(X, y, *, seed): return LogisticRegression()",
            "LogisticRegression that is not fitted",
        ),
        (
            "def train(X, y, *, seed): return LogisticRegression().fit(X, y == 'yes')",
            r"the classes \[False, True\], and y holds \['.*', '.*'\]",
        ),
        (
            "def train(X, y, *, seed):\n    m = LogisticRegression().fit(X, y); m.log = open('/dev/null', 'w'); return m",
            "the model cannot be saved: PicklingError",
        ),
        ("def train(X, y, *, seed): raise RuntimeError('boom')", "raised: RuntimeError: boom"),
    ],
)
def test_a_function_that_breaks_its_contract_is_refused(
    workspace: Any, train: Any, flights: pd.DataFrame, body: str, message: str
):
    workspace.code(
        "flights/train.py", f"from sklearn.linear_model import LogisticRegression\n{body}\n"
    )
    with pytest.raises(SpecError, match=message):
        train(flights, entrypoint="flights.train:train", code=["flights"], raw_columns=["hour"])


def test_the_global_generators_are_seeded(workspace: Any, train: Any, flights: pd.DataFrame):
    workspace.code(
        "flights/train.py",
        "import random, numpy as np\n"
        "from pathlib import Path\n"
        "from sklearn.dummy import DummyClassifier\n"
        "def train(X, y, *, seed):\n"
        f"    with open('{workspace.notes}/draws', 'a') as f: print(random.random(), np.random.random(), file=f)\n"
        "    return DummyClassifier().fit(X, y)\n",
    )
    for number in ("1", "2"):
        train(
            flights,
            entrypoint="flights.train:train",
            code=["flights"],
            out=str(workspace.out(number)),
        )
    first, second = (workspace.notes / "draws").read_text().splitlines()
    assert first == second


def test_requirements_name_what_the_code_imports(workspace: Any, train: Any, flights: pd.DataFrame):
    workspace.code("flights/train.py", "import hypothesis\n" + TRAIN)

    answer = train(
        flights, entrypoint="flights.train:train", code=["flights"], raw_columns=["hour"]
    )
    names = [line.partition("==")[0] for line in answer["requirements"]]
    assert "hypothesis" in names
    assert "flights" not in names


def test_requirements_that_are_given_are_kept(workspace: Any, train: Any, flights: pd.DataFrame):
    given = ["mlflow-skinny>=3.5", "scikit-learn>=1.6"]
    answer = train(flights, **ESTIMATOR, requirements=given)

    assert answer["requirements"] == given
