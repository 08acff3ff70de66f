from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.steps import train
from tests.fakes.laboratory import Laboratory, keep
from tests.fakes.run_neighbours import ScriptedWorker


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    made = Laboratory.create(tmp_path / "laboratory").context(until="extract")
    keep(made, "split", train="the training rows")
    keep(made, "features", table="their features")
    return made


class Trainer:
    """Writes a model and remembers what it was asked."""

    def __init__(self, context: RunContext, folder: Path, files: list[str] | None = None) -> None:
        self.request: Any = None
        self.files = files or []
        self.folder = folder / "work"
        self.folder.mkdir()
        worker = ScriptedWorker(train=self._train)
        context.neighbours = replace(context.neighbours, worker=worker)  # type: ignore[type-var]
        self.outputs = train.make(context, self.folder)

    def _train(self, request: Any) -> dict[str, Any]:
        self.request = request
        Path(request["out"]).mkdir()
        inputs = [{"name": "visits", "type": "double"}]
        return {"inputs": inputs, "requirements": [], "files": self.files}


def test_the_worker_gets_the_contract_and_paths(context: RunContext, tmp_path: Path) -> None:
    trainer = Trainer(context, tmp_path)
    request = trainer.request

    assert trainer.outputs["model"].is_dir()
    assert Path(request["out"]).name == trainer.outputs["model"].name
    assert request["table"] == str(context.path("features", "table"))
    assert request["raw"] == str(context.path("split", "train"))
    assert request["raw_columns"] == ["visits", "spent", "plan"]
    assert (request["label"], request["positive"]) == ("left", 1)
    assert (request["entrypoint"], request["estimator"], request["command"]) == (
        "shop.train:train",
        None,
        None,
    )
    assert (request["params"], request["seed"], request["code"]) == ({"C": 1.0}, 7, ["shop"])
    assert request["features_entrypoint"] == "shop.features:build"


def test_the_model_s_id_follows_from_the_inputs(context: RunContext, tmp_path: Path) -> None:
    one = Trainer(context, tmp_path).request["model_uuid"]

    assert one == digest(train.inputs(context)).removeprefix("sha256:")[:32]


def test_the_record_names_each_input_and_all_of_them(context: RunContext, tmp_path: Path) -> None:
    facts = json.loads(Trainer(context, tmp_path).outputs["train"].read_text())
    record = facts["record"]

    assert facts["inputs"] == [{"name": "visits", "type": "double"}]
    assert record["seed"] == 7
    assert record["data"] == context.digest("split", "train")
    assert record["digest"] == digest({k: v for k, v in record.items() if k != "digest"})


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("params", {"params": {"C": 2.0}}),
        ("seed", {"seed": 8}),
        ("spec train", {"requirements": ("pandas",)}),
        ("spec train", {"entrypoint": "shop.train:other"}),
        ("spec train", {"code": ("shop", "shop/train.py")}),
    ],
)
def test_every_word_of_train_is_an_input(
    context: RunContext, name: str, change: dict[str, Any]
) -> None:
    before = train.inputs(context)
    context.pipeline = replace(context.pipeline, train=replace(context.pipeline.train, **change))

    after = train.inputs(context)

    assert [key for key in before if before[key] != after[key]] == [name]


@pytest.mark.parametrize("change", [{"positive": 0}, {"task": "regression"}, {"label": "orders"}])
def test_what_is_predicted_is_an_input(context: RunContext, change: dict[str, Any]) -> None:
    before = train.inputs(context)
    context.pipeline = replace(context.pipeline, **change)

    assert train.inputs(context)["spec task"] != before["spec task"]


def test_a_column_known_only_after_the_fact_is_an_input_where_none_is_named(
    context: RunContext,
) -> None:
    unnamed = replace(context.pipeline.features, columns=())
    context.pipeline = replace(context.pipeline, features=unnamed)
    before = train.inputs(context)
    context.dataset = replace(context.dataset, after_the_fact=("refund", "spent"))

    after = train.inputs(context)

    assert [key for key in before if before[key] != after[key]] == ["spec columns"]


def test_code_and_packages_are_inputs(context: RunContext) -> None:
    found = train.inputs(context)

    assert {name for name in found if name.startswith("version ")} == {
        f"version {name}" for name in context.origin.versions
    }
    assert "code shop/features.py" in found


def test_metrics_and_gates_are_no_inputs(context: RunContext) -> None:
    before = train.inputs(context)
    evaluate = replace(context.pipeline.evaluate, confidence=0.9)
    context.pipeline = replace(context.pipeline, evaluate=evaluate, gates=())

    assert train.inputs(context) == before


def test_covered_imports_are_fine(context: RunContext, tmp_path: Path) -> None:
    Trainer(context, tmp_path, ["shop/train.py", "shop/__init__.py"])


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        (["helper.py"], "code: [shop, helper.py]"),
        (["lib/a.py", "lib/b/c.py", "shop/train.py"], "code: [shop, lib]"),
    ],
)
def test_imports_that_are_not_covered_are_refused(
    context: RunContext, tmp_path: Path, files: list[str], hint: str
) -> None:
    with pytest.raises(SpecError, match=f"the code imports {files[0]}") as caught:
        Trainer(context, tmp_path, files)

    assert caught.value.hint is not None
    assert hint in caught.value.hint
