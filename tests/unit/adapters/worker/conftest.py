from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.process_worker.worker import ProcessWorker
from mlgitops.ports import Worker
from mlgitops.usecases.access import access_to, own_output


class Workspace:
    """A user's repository with tables beside it, and a worker that is warm already.

    Jobs may touch what those of a run may, and write to *notes*, for tests to read.
    """

    def __init__(self, folder: Path, worker: ProcessWorker) -> None:
        self.root = folder / "repository"
        self.root.mkdir()
        self.folder = folder
        self.notes = folder / "notes"
        self.notes.mkdir()
        self._worker = worker

    def code(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def table(self, name: str, frame: pd.DataFrame) -> str:
        path = self.folder / f"{name}.parquet"
        frame.to_parquet(path, index=False)
        return str(path)

    def out(self, name: str) -> Path:
        return self.folder / name

    def read(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / name)

    def run(self, job: Any, worker: Worker | None = None, **request: Any) -> dict[str, Any]:
        with own_output(request) as (asked, output):
            access = access_to(job, asked, root=self.root, sources=[], output=output)
            access = replace(access, writable=(*access.writable, self.notes))
            return (worker or self._worker).run(job, asked, access)


class Train(Protocol):
    def __call__(self, frame: pd.DataFrame, **request: Any) -> dict[str, Any]: ...


@pytest.fixture(scope="session")
def warm_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessWorker]:
    folder = tmp_path_factory.mktemp("worker")
    # One thread: two that wait for each other on a busy machine take many times as long.
    environment = {"PATH": os.defpath, "OMP_NUM_THREADS": "1"}
    with ProcessWorker(folder, folder, environment) as worker:
        yield worker


@pytest.fixture
def workspace(tmp_path: Path, warm_worker: ProcessWorker) -> Workspace:
    return Workspace(tmp_path, warm_worker)


@pytest.fixture
def train(workspace: Workspace) -> Train:
    """Run `features`, then `train` on its table; the model goes to `model`."""

    def run(frame: pd.DataFrame, **request: Any) -> dict[str, Any]:
        label = request.setdefault("label", "late")
        columns = request.setdefault("raw_columns", [c for c in frame.columns if c != label])
        raw = workspace.table("raw", frame)
        features = request.setdefault("features_entrypoint", None)
        common = {"root": str(workspace.root)}
        workspace.run(
            "features", **common, entrypoint=features, table=raw, columns=columns, keep=[label],
            out=str(workspace.out("features.parquet")),
        )  # fmt: skip
        defaults = {
            "table": str(workspace.out("features.parquet")), "raw": raw, "positive": "yes",
            "task": "binary-classification", "params": {}, "seed": 7, "code": [],
            "requirements": [], "model_uuid": "0" * 32, "out": str(workspace.out("model")),
        }  # fmt: skip
        return workspace.run("train", **common, **(defaults | request))

    return run


@pytest.fixture
def flights() -> pd.DataFrame:
    """Numbers, integers, text with gaps and a label that follows from them."""
    random = np.random.default_rng(0)
    n = 400
    frame = pd.DataFrame(
        {
            "distance": random.normal(1000, 300, n),
            "hour": random.integers(0, 24, n),
            "carrier": random.choice(["AA", "DL", "UA"], n),
        }
    )
    chance = (frame["hour"] > 12) * 2 + (frame["carrier"] == "UA") + random.normal(0, 1, n)
    frame["late"] = np.where(chance > 1.5, "yes", "no")
    return frame
