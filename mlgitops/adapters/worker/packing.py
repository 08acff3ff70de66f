"""Model folders: write the one we make, accept the one a command made, load either.

Equal inputs give equal bytes, on any day: a folder's id comes with the request,
its time of creation is a constant unless it does too, and requirements are given
or read from what is installed. MLflow would infer them by loading the model in
another process, which takes from 5 to 50 s.
"""

from __future__ import annotations

import importlib.metadata
import logging
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.pyfunc  # noqa: TID253 - this module runs in a child process only
import mlflow.sklearn  # noqa: TID253 - this module runs in a child process only
import numpy as np
import pandas as pd  # noqa: TID253 - this module runs in a child process only
import pyarrow as pa  # noqa: TID253 - this module runs in a child process only
from mlflow.exceptions import (  # noqa: TID253 - this module runs in a child process only
    MlflowException,
)
from mlflow.models import (  # noqa: TID253 - this module runs in a child process only
    Model,
    infer_signature,
)
from mlflow.types import DataType  # noqa: TID253 - this module runs in a child process only
from sklearn.pipeline import Pipeline  # noqa: TID253 - this module runs in a child process only
from sklearn.preprocessing import (  # noqa: TID253 - this module runs in a child process only
    FunctionTransformer,
)
from yaml import YAMLError

from mlgitops.adapters.worker.entrypoints import is_users
from mlgitops.model.errors import SpecError

_ALWAYS_REQUIRED = ("cloudpickle", "mlflow", "numpy", "pandas", "scikit-learn")
_TIME_OF_CREATION = "2000-01-01 00:00:00.000000"
_EXAMPLE_ROWS = 3
_SIGNATURE_ROWS = 50
_FLOATING = (DataType.double, DataType.float)
_SIGNABLE = (
    pa.types.is_boolean,
    pa.types.is_floating,
    lambda kind: pa.types.is_integer(kind) and not pa.types.is_uint64(kind),
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_binary,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_null,
    lambda kind: pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type),
)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to predict: `sklearn` where it is one, else `pyfunc`.

    *inputs* are the columns it takes, in its order, None without a signature; of these
    *optional* need not be there, and *floats* are those that its signature calls double.
    """

    sklearn: Any | None
    pyfunc: Any | None
    inputs: tuple[str, ...] | None
    optional: frozenset[str]
    floats: frozenset[str]


def require_signable(schema: pa.Schema) -> None:
    """Refuse columns for which an MLflow signature has no type.

    MLflow itself would only log a warning, and sign no column at all.

    Raises:
        SpecError: there is such a column in *schema*.
    """
    for field in schema:
        if not any(is_signable(field.type) for is_signable in _SIGNABLE):
            raise SpecError(
                f"the column {field.name!r} is of type {field.type}, which no MLflow model takes",
                hint="leave it out of `features.columns`, or cast it where it is read",
            )


def pipeline(features: Any | None, estimator: Any) -> Pipeline:
    """Raw columns to prediction; *features* None passes the columns through."""
    return Pipeline([("features", FunctionTransformer(features)), ("model", estimator)])


def save(model: Pipeline, raw: pd.DataFrame, request: Mapping[str, Any]) -> None:
    """Write *model* to the request's `out`; *raw* are training rows before features.

    Raises:
        SpecError: the model cannot be pickled, or MLflow has no type for a column.
    """
    predict = "predict" if request["task"] == "regression" else "predict_proba"
    root = Path(request["root"])
    try:
        with warnings.catch_warnings(), _without_advice():
            warnings.filterwarnings("ignore", message="Hint: Inferred schema contains integer")
            signature = infer_signature(
                _telling_rows(raw), getattr(model, predict)(raw.head(_EXAMPLE_ROWS))
            )
            mlflow.sklearn.save_model(
                model,
                request["out"],
                serialization_format="cloudpickle",
                mlflow_model=Model(
                    model_uuid=request["model_uuid"],
                    utc_time_created=_created(request),
                    metadata=_meaning(request),
                ),
                code_paths=[str(root / path) for path in request["code"]] or None,
                signature=signature,
                input_example=raw.head(_EXAMPLE_ROWS),
                pip_requirements=list(request["requirements"]),
                pyfunc_predict_fn=predict,
            )
    except MlflowException as error:
        raise SpecError(f"MLflow cannot save the model: {error.message}") from error


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keep MLflow's advice on the format, which is our choice, out of the user's log."""
    logger = logging.getLogger("mlflow.sklearn")
    logger.addFilter(_is_no_advice)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_advice)


def _is_no_advice(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("Saving scikit-learn models in the pickle")


def adopt(folder: Path, request: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Make *folder*, which a command wrote, the request's model.

    Its id and time become the request's, as those of a folder of our own.
    Returns the columns it asks for, None without a signature.

    Raises:
        SpecError: it is not an MLflow model that can predict.
    """
    if not (folder / "MLmodel").is_file():
        raise SpecError(
            "the training command wrote no MLflow model: there is no MLmodel in $MLGITOPS_OUTPUT",
            hint='call save_model(model, path=os.environ["MLGITOPS_OUTPUT"]) of your MLflow flavor',
        )
    description = _described(folder)
    if not {"sklearn", "python_function"} & set(description.flavors):
        raise SpecError("the training command's model has no python_function flavor to predict")
    description.model_uuid = request["model_uuid"]
    description.utc_time_created = _created(request)
    description.metadata = {**(description.metadata or {}), **_meaning(request)}
    description.save(str(folder / "MLmodel"))
    return _inputs(description)


def load(folder: Path) -> LoadedModel:
    """Load the model in *folder* with the code that is packed in it."""
    description = _described(folder)
    is_sklearn = "sklearn" in description.flavors
    schema = description.get_input_schema()
    return LoadedModel(
        sklearn=mlflow.sklearn.load_model(str(folder)) if is_sklearn else None,
        pyfunc=None if is_sklearn else mlflow.pyfunc.load_model(str(folder)),
        inputs=_inputs(description),
        optional=frozenset(
            column.name for column in (schema or ()) if not column.required and column.name
        ),
        floats=frozenset(
            column.name for column in (schema or ()) if column.type in _FLOATING and column.name
        ),
    )


def requirements(folder: Path) -> list[str]:
    """What `pip` has to install for the model in *folder*."""
    file = folder / "requirements.txt"
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def installed(imported: Collection[str]) -> list[str]:
    """`name==version` of what a packed model needs, given the packages *imported*."""
    distributions = set(_ALWAYS_REQUIRED)
    if imported:
        owners = importlib.metadata.packages_distributions()
        distributions.update(owner for package in imported for owner in owners.get(package, ()))
    return [f"{name}=={importlib.metadata.version(name)}" for name in sorted(distributions)]


def imported_packages(root: Path) -> set[str]:
    """Top-level packages in this process, without Python's own and the user's below *root*."""
    found = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        top = name.partition(".")[0]
        if file and top not in sys.stdlib_module_names and not is_users(file, root):
            found.add(top)
    return found


def _described(folder: Path) -> Model:
    try:
        return Model.load(str(folder / "MLmodel"))
    except (AttributeError, MlflowException, OSError, TypeError, ValueError, YAMLError) as error:
        raise SpecError(f"{folder} holds no readable MLflow model: {error}") from error


def _inputs(description: Model) -> tuple[str, ...] | None:
    schema = description.get_input_schema()
    if schema is None or not schema.has_input_names():
        return None
    return tuple(schema.input_names())


def _created(request: Mapping[str, Any]) -> str:
    return str(request.get("utc_time_created", _TIME_OF_CREATION))


def _meaning(request: Mapping[str, Any]) -> dict[str, Any]:
    """What the model answers, for whoever loads it: kept in its MLmodel file."""
    said = ["task", "label"]
    if request["task"] == "binary-classification":
        said.append("positive")
    return {"mlgitops": {name: request[name] for name in said}}


def _telling_rows(raw: pd.DataFrame) -> pd.DataFrame:
    """A few rows that show of each column a value, and a gap where it has any.

    MLflow derives a column's type, and whether it must be given, from these.
    """
    rows: set[int] = set(range(min(_SIGNATURE_ROWS, len(raw))))
    for name in raw.columns:
        missing = raw[name].isna().to_numpy()
        rows.update(_first(missing), _first(~missing))
    return raw.iloc[sorted(rows)]


def _first(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> Sequence[int]:
    position = int(mask.argmax()) if len(mask) else 0
    return (position,) if len(mask) and mask[position] else ()
