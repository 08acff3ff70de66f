from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.usecases.context import RunContext
from mlgitops.usecases.steps import features
from tests.fakes.laboratory import Laboratory, keep
from tests.fakes.run_neighbours import CountingWorker, ScriptedWorker


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory.create(tmp_path / "laboratory")


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    made = laboratory.context(until="extract")
    keep(made, "split", train="the training rows")
    return made


def without_entrypoint(context: RunContext) -> RunContext:
    unset = replace(context.pipeline.features, entrypoint=None)
    context.pipeline = replace(context.pipeline, features=unset)
    return context


def test_the_callable_gets_the_columns_that_the_model_may_see(
    context: RunContext, tmp_path: Path
) -> None:
    requests: list[Any] = []

    def answer(request: Any) -> dict[str, Any]:
        requests.append({**request, "out": Path(request["out"]).name})
        Path(request["out"]).touch()
        return {"columns": []}

    scripted = CountingWorker(ScriptedWorker(features=answer))
    context.neighbours = replace(context.neighbours, worker=scripted)  # type: ignore[type-var]

    out = features.make(context, tmp_path)

    assert out == {"table": tmp_path / "features.parquet"}
    assert requests == [
        {
            "root": str(context.origin.root),
            "entrypoint": "shop.features:build",
            "table": str(context.path("split", "train")),
            "columns": ["visits", "spent", "plan"],
            "keep": ["left"],
            "out": "features.parquet",
        }
    ]
    assert (tmp_path / "features.parquet").is_file()


def test_rows_callable_code_and_packages_are_inputs(context: RunContext) -> None:
    assert set(features.inputs(context)) == {
        "split train", "spec features", "spec label", "spec columns", "code shop/__init__.py",
        "code shop/features.py", "code shop/train.py", "version pandas", "version pyarrow",
    }  # fmt: skip


def test_without_callable_no_code_is_an_input(context: RunContext) -> None:
    assert set(features.inputs(without_entrypoint(context))) == {
        "split train",
        "spec features",
        "spec label",
        "spec columns",
    }


def test_a_column_known_only_after_the_fact_is_an_input_where_none_is_named(
    context: RunContext,
) -> None:
    unnamed = replace(context.pipeline.features, columns=())
    context.pipeline = replace(context.pipeline, features=unnamed)
    before = features.inputs(context)
    context.dataset = replace(context.dataset, after_the_fact=("refund", "spent"))

    after = features.inputs(context)

    assert [key for key in before if before[key] != after[key]] == ["spec columns"]


@pytest.mark.slow
def test_the_features_lie_beside_the_label(laboratory: Laboratory, lab_worker: Any) -> None:
    laboratory.worker = CountingWorker(lab_worker)
    context = laboratory.context(until="features")

    names = [c["name"] for c in context.neighbours.tables.schema(context.path("features", "table"))]

    assert names == ["visits", "spent", "plan", "left"]
