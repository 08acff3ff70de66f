"""Make a model a version: `ours N` or `log_model N`; prints seconds as JSON.

Works in the folder it is started in, on SQLite, in a process that has registered
before. Ours writes what a run for two environments registers (run, two inputs,
parameters, metrics, tags and six attachments) beside the files of a folder that is
there already; the other is MLflow's `log_model` as its
documentation shows it, which also writes the folder and infers requirements.
"""
# ruff: noqa: TID253 - runs as a process of its own

import json
import sys
import time
import warnings
from pathlib import Path

import mlflow.sklearn
import numpy as np
from sklearn.linear_model import LogisticRegression

from mlgitops import folders
from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry
from mlgitops.model.digest import digest
from mlgitops.model.registry import DatasetInput, Registration

warnings.simplefilter("ignore")
ROOT, URI = Path.cwd(), "sqlite:///mlflow.db"
COLUMNS = tuple({"name": f"column-{i}", "type": "double"} for i in range(10))
ATTACHED = [
    f"{what}/{environment}"
    for environment in ("staging", "production")
    for what in ("evidence", "decision", "report")
]
model = LogisticRegression().fit(np.arange(20).reshape(10, 2), [0, 1] * 5)
registry = MlflowRegistry(URI, "mlartifacts", ROOT)


def ours(number: int, folder: Path) -> None:
    registry.register(
        Registration(
            model="ours",
            candidate=digest({"number": number}),
            manifest=folders.manifest(folder).digest,
            tags={f"tag-{i}": "value" for i in range(10)},
            parameters={f"parameter-{i}": "value" for i in range(10)},
            metrics={f"metric-{i}": float(i) for i in range(40)},
            datasets=(
                DatasetInput("train", "sha256:0", "data", COLUMNS, 50_000, "training"),
                DatasetInput("holdout", "sha256:1", "data", COLUMNS, 10_000, "evaluation"),
            ),
            attachments=dict.fromkeys(ATTACHED, bytes(60_000)),
        ),
        folder,
    )


def log_model(_number: int, _folder: Path) -> None:
    with mlflow.start_run():
        mlflow.sklearn.log_model(model, name="model", registered_model_name="default")


def main(work: str, rounds: int) -> list[float]:
    mlflow.set_tracking_uri(URI)
    folder = ROOT / f"model-{work}"
    mlflow.sklearn.save_model(model, folder, pip_requirements=["scikit-learn"])
    register, taken = {"ours": ours, "log_model": log_model}[work], []
    for number in range(rounds + 1):
        started = time.perf_counter()
        register(number, folder)
        taken.append(time.perf_counter() - started)
    return taken[1:]


print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
