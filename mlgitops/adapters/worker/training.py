"""The `train` job: the user's function, a scikit-learn class, or a command.

X is what the features callable gives for the raw rows, called here as the packed
model will call it, never read back from the features table: Parquet would change
types and categories. That both agree is checked instead.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # noqa: TID253 - this module runs in a child process only

# Not used by name: imported before the fork, since most models are made of these.
import sklearn.ensemble  # noqa: F401, TID253 - this module runs in a child process only

from mlgitops.adapters.worker import command, entrypoints, features, frames, labels, packing
from mlgitops.model.errors import SpecError

_HEAD = 50


def train(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a `train` request."""
    root = Path(request["root"])
    y = labels.read(request)
    if request.get("command"):
        return command.train(request, y)
    before = packing.imported_packages(root)
    schema = frames.schema(Path(request["raw"]), request["raw_columns"])
    packing.require_signable(schema)
    raw = frames.read_frame(Path(request["raw"]), request["raw_columns"])
    callable_, x = _features(request, raw)
    estimator = _fitted(request, x, y)
    model = packing.pipeline(callable_, estimator)
    _require_same_predictions(model, estimator, raw, x, request)
    needs = request["requirements"] or packing.installed(packing.imported_packages(root) - before)
    _require_code(request)
    with entrypoints.user_code("the model cannot be saved", root):
        packing.save(model, raw, {**request, "requirements": needs})
    return {
        "inputs": frames.columns_of(schema),
        "requirements": packing.requirements(Path(request["out"])),
        "files": entrypoints.imported_files(root),
    }


def _features(
    request: Mapping[str, Any], raw: pd.DataFrame
) -> tuple[features.FeaturesCallable | None, pd.DataFrame]:
    """The callable, None without one, and what it gives for *raw*."""
    name = request.get("features_entrypoint")
    if name is None:
        return None, raw
    root = Path(request["root"])
    function = entrypoints.load(root, name)
    x = features.apply(function, raw, name, root)
    now = frames.to_table(x)
    recorded = frames.read(Path(request["table"]))
    features.require_same(
        now, recorded.drop_columns([request["label"]]), name, "when it is called again"
    )
    head = frames.to_table(features.apply(function, raw.head(_HEAD), name, root))
    features.require_same(head, now.slice(0, _HEAD), name, f"for the first {len(head)} rows alone")
    return function, x


def _fitted(request: Mapping[str, Any], x: pd.DataFrame, y: pd.Series[Any]) -> Any:
    seed: int = request["seed"]
    # For code that draws from the global generators in spite of its seed argument.
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the global generator is what is meant
    name = request.get("entrypoint")
    if name is not None:
        root = Path(request["root"])
        function = entrypoints.load(root, name)
        params = request["params"]
        entrypoints.require_arguments(function, name, x, y, seed=seed, **params)
        with entrypoints.user_code(f"{name!r} raised", root):
            estimator = function(x, y, seed=seed, **params)
    else:
        estimator = _fitted_class(request, x, y)
    _require_can_predict(estimator, name or request["estimator"], request["task"], y)
    return estimator


def _fitted_class(request: Mapping[str, Any], x: pd.DataFrame, y: pd.Series[Any]) -> Any:
    root, name = Path(request["root"]), request["estimator"]
    kind = entrypoints.load_class(root, name)
    lacking = [method for method in ("fit", "get_params") if not hasattr(kind, method)]
    if lacking:
        raise SpecError(
            f"{name!r} is no scikit-learn estimator: it has no {' and no '.join(lacking)}",
            hint="name an estimator's class, for instance sklearn.linear_model.Ridge, or write "
            "`entrypoint:` and a function that returns the fitted model",
        )
    params = dict(request["params"])
    entrypoints.require_arguments(kind, name, **params)
    with entrypoints.user_code(f"{name!r} cannot be made with the spec's params", root):
        estimator: Any = kind(**params)
        if "random_state" in estimator.get_params() and "random_state" not in params:
            estimator.set_params(random_state=request["seed"])
    with entrypoints.user_code(f"fitting {name!r} failed", root):
        return estimator.fit(x, y)


def _require_can_predict(estimator: Any, name: str, task: str, y: pd.Series[Any]) -> None:
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    if not hasattr(estimator, "predict"):
        raise SpecError(
            f"{name!r} gave a {kind}, which cannot predict", hint="return the fitted estimator"
        )
    if task == "regression":
        return
    if not hasattr(estimator, "predict_proba"):
        raise SpecError(
            f"{name!r} gave a {kind}, which has no predict_proba",
            hint="wrap it in sklearn.calibration.CalibratedClassifierCV, or choose another",
        )
    classes = np.asarray(getattr(estimator, "classes_", ())).tolist()
    if not classes:
        raise SpecError(
            f"{name!r} gave a {kind} that is not fitted: it has no classes_",
            hint="return the fitted estimator",
        )
    asked = y.unique().tolist()
    if set(classes) != set(asked):
        raise SpecError(
            f"{name!r} gave a {kind} with the classes {classes}, and y holds {asked}",
            hint="fit it on the y that it is given; where it takes numbers only, let the "
            "dataset have a label of 0 and 1",
        )


def _require_same_predictions(
    model: Any, estimator: Any, raw: pd.DataFrame, x: pd.DataFrame, request: Mapping[str, Any]
) -> None:
    """The packed model must see in raw rows what the estimator saw in training."""
    method = "predict" if request["task"] == "regression" else "predict_proba"
    name = request.get("entrypoint") or request["estimator"]
    with entrypoints.user_code(f"the model of {name!r} cannot predict", Path(request["root"])):
        packed = np.asarray(getattr(model, method)(raw.head(_HEAD)), dtype=float)
        trained = np.asarray(getattr(estimator, method)(x.head(_HEAD)), dtype=float)
    if packed.shape != trained.shape or not np.allclose(
        packed, trained, rtol=1e-6, atol=1e-12, equal_nan=True
    ):
        raise SpecError(
            f"the model of {name!r} predicts otherwise from the first {len(packed)} rows alone "
            "than with the features of all rows",
            hint="give category columns fixed categories in the features callable",
        )


def _require_code(request: Mapping[str, Any]) -> None:
    for path in request["code"]:
        if not (Path(request["root"]) / path).exists():
            raise SpecError(f"train.code lists {path!r}, which does not exist")
