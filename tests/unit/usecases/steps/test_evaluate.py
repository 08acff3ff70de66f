from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from mlgitops.model import evidence, examinations
from mlgitops.model.digest import digest
from mlgitops.model.pipeline import MetricFunction
from mlgitops.model.spec import Pin, Release
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.steps import evaluate
from tests.fakes.laboratory import Laboratory, keep
from tests.fakes.model_registry import InMemoryRegistry

PIN = Pin(3, "0123456789ab", "sha256:m", "sha256:e")
ROWS = ["split train", "split holdout", "spec task", "spec data"]
SCORED = ["train model", *ROWS, "spec evaluate"]
# What a training has besides its seed, which is the record's or of "spec evaluate".
RETRAINED = [*SCORED, "train record", "spec columns"]
BESIDE = [*SCORED, "champion staging", "champion production"]
# Which inputs each statement of a document follows from. An environment's name is in the name
# of its champion's input; the schema's goes with the step's version.
COVERED: dict[type, dict[str, list[str]]] = {
    evidence.Evidence: {
        "schema": [],
        "environment": ["champion staging", "champion production"],
        "inputs": ["train record", "spec examination"],
        "metrics": SCORED,
        "train_metrics": SCORED,
        "comparison": BESIDE,
        "slices": BESIDE,
        "calibration": SCORED,
        "fairness": SCORED,
        "robustness": SCORED,
        "noise": RETRAINED,
        "reproduction": RETRAINED,
        "artifact": ["train model"],
        "compatibility": ["train model", "champion staging", "champion production"],
        "dependencies": ["train model"],
        "reference": ["split train", "spec columns"],
        "drift": ["split train", "champion staging", "champion production"],
        "card": ["spec card"],
        "scores": BESIDE,
        "ext": ["spec evaluate"],
    },
    evidence.Subject: {
        "model": ["spec model"],
        "task": ["spec task"],
        "candidate": ["train record", "train model"],
        "manifest": ["train model"],
        "size_bytes": ["train model"],
        "inputs": ["train record"],
    },
    evidence.DataRecord: {
        "dataset": ["spec data"],
        "digest": ["extract table"],
        "rows": ["extract extraction"],
        "columns": ["extract extraction"],
        "label": ["spec data"],
        "licence": ["spec data"],
        "window": ["extract extraction"],
        "sources": ["extract extraction"],
        "validation": ["validate validation"],
        "split": ["split record"],
    },
    evidence.Champion: {
        "version": ["champion staging", "champion production"],
        "candidate": ["champion staging", "champion production"],
        "manifest": ["champion staging", "champion production"],
        "metrics": BESIDE,
    },
    evidence.Baseline: {
        "kind": ["spec task"],
        "metrics": [*ROWS, "spec evaluate"],
        "comparison": SCORED,
    },
    evidence.Leakage: {
        "duplicate_rows": [*ROWS, "spec columns"],
        "duplicate_share": [*ROWS, "spec columns"],
        "features": [*ROWS, "spec columns"],
        "max_feature_auc": [*ROWS, "spec columns"],
        "after_the_fact": ["spec columns", "spec data"],
        "look_ahead": ["extract table", "extract extraction", "spec columns", "spec data"],
        "shared_groups": [*ROWS, "split record", "extract table", "spec evaluate"],
        "early_rows": [*ROWS, "extract table", "spec data"],
        "shuffled": RETRAINED,
    },
    examinations.HoldoutUse: {"digest": ["split holdout"]},
    evidence.Producer: {
        "dirty": ["uncommitted changes"],
        "versions": ["train record"],
        "sample": ["sample"],
    },
}
# Who made the document, when and where: what stays true of it when it is used again.
OF_THE_MAKING = {"time", "commit", "actor", "trigger", "workflow", "sandbox"}
# Told part by part above; what was measured on the clock has no inputs.
IN_PARTS = {
    *("subject", "data", "champion", "baseline", "leakage", "holdout", "producer"),
    *("cost", "latency"),
}
# How many had been judged by then: evidence that is there keeps its number.
OF_THE_DAY = {"candidates"}


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    made = Laboratory.create(tmp_path / "laboratory").context(until="extract")
    keep(made, "validate", validation={})
    keep(made, "split", train="t", holdout="h", split={})
    keep(made, "train", model="m", train={})
    return made


def changed(context: RunContext, before: dict[str, Any]) -> list[str]:
    after = evaluate.inputs(context)
    return [name for name in before if before[name] != after[name]]


@pytest.mark.parametrize("part", COVERED, ids=lambda part: part.__name__)
def test_everything_that_evidence_states_follows_from_the_inputs(
    part: type, context: RunContext
) -> None:
    elsewhere = {
        evidence.Evidence: IN_PARTS,
        evidence.Producer: OF_THE_MAKING,
        examinations.HoldoutUse: OF_THE_DAY,
    }
    inputs = evaluate.inputs(context)

    assert {*COVERED[part], *elsewhere.get(part, ())} == {*part.__annotations__}
    assert {name for names in COVERED[part].values() for name in names} <= inputs.keys()


def test_no_input_is_there_for_nothing(context: RunContext) -> None:
    used = {name for part in COVERED.values() for names in part.values() for name in names}

    assert used == evaluate.inputs(context).keys()


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"name": "left"}, ["spec model"]),
        ({"task": "regression"}, ["spec task", "spec examination"]),
        ({"positive": 0}, ["spec task", "spec examination"]),
        ({"label": "topic"}, ["spec examination", "spec data"]),
    ],
    ids=["model", "task", "positive", "label"],
)
def test_what_the_pipeline_says_of_the_model_counts(
    context: RunContext, change: dict[str, Any], names: list[str]
) -> None:
    before = evaluate.inputs(context)
    context.pipeline = replace(context.pipeline, **change)

    assert changed(context, before) == names


def test_the_columns_that_a_model_may_see_count(context: RunContext) -> None:
    before = evaluate.inputs(context)
    features = replace(context.pipeline.features, columns=("visits",))
    context.pipeline = replace(context.pipeline, features=features)

    assert changed(context, before) == ["spec columns"]


def test_the_dataset_s_name_counts(context: RunContext) -> None:
    before = evaluate.inputs(context)
    context.dataset = replace(context.dataset, name="clients")

    assert changed(context, before) == ["spec data"]


@pytest.mark.parametrize(
    ("step", "outputs", "name"),
    [
        ("train", {"model": "other", "train": {}}, "train model"),
        ("train", {"model": "m", "train": {"record": 1}}, "train record"),
        ("split", {"train": "t", "holdout": "other", "split": {}}, "split holdout"),
        ("split", {"train": "t", "holdout": "h", "split": {"strategy": "time"}}, "split record"),
        ("validate", {"validation": {"asked": 1}}, "validate validation"),
    ],
)
def test_each_earlier_output_counts(
    context: RunContext, step: str, outputs: dict[str, Any], name: str
) -> None:
    before = evaluate.inputs(context)
    keep(context, step, **outputs)

    assert changed(context, before) == [name]


def test_the_champions_count_each_for_itself(context: RunContext) -> None:
    before = evaluate.inputs(context)
    assert before["champion staging"] == before["champion production"] == "none"

    releases = {("production", "churn"): Release("churn", "production", PIN, None)}
    context.specs = replace(context.specs, releases=releases)

    assert changed(context, before) == ["champion production"]
    named = evaluate.inputs(context)["champion production"]
    assert named == "version 3 0123456789ab sha256:m sha256:e"


def test_another_model_s_release_counts_for_nothing(context: RunContext) -> None:
    before = evaluate.inputs(context)
    releases = {("staging", "topic"): Release("topic", "staging", PIN, None)}
    context.specs = replace(context.specs, releases=releases)

    assert changed(context, before) == []


def test_a_sample_counts(context: RunContext) -> None:
    before = evaluate.inputs(context)
    context.sample = 5

    assert changed(context, before) == ["sample"]


def test_what_is_known_afterwards_counts(context: RunContext) -> None:
    before = evaluate.inputs(context)
    context.dataset = replace(context.dataset, after_the_fact=())

    assert changed(context, before) == ["spec examination", "spec data"]


def test_gates_do_not_count(context: RunContext) -> None:
    before = evaluate.inputs(context)
    context.pipeline = replace(context.pipeline, gates=())

    assert changed(context, before) == []


@pytest.mark.parametrize("change", [{"seeds": (8,)}, {"repeats": True}, {"shuffles": True}])
def test_each_training_that_is_asked_for_counts(
    context: RunContext, change: dict[str, Any]
) -> None:
    before = evaluate.inputs(context)
    asked = replace(context.pipeline.evaluate, **change)
    context.pipeline = replace(context.pipeline, evaluate=asked)

    assert "spec evaluate" in changed(context, before)


def test_what_others_judged_or_registered_does_not_count(context: RunContext) -> None:
    registry = InMemoryRegistry()
    registry.is_down = True
    before = evaluate.inputs(context)
    context.neighbours.store.note_judged(digest("answers"), digest("candidate"))
    context.neighbours = replace(cast("Any", context.neighbours), registry=registry)

    assert changed(context, before) == []


def test_the_code_of_metric_functions_counts(context: RunContext) -> None:
    function = MetricFunction("profit", "fit:profit", "maximize")
    evaluation = replace(context.pipeline.evaluate, functions=(function,))
    context.pipeline = replace(context.pipeline, evaluate=evaluation)
    before = evaluate.inputs(context)
    (context.origin.root / "fit.py").write_text("def profit(truth, score): return score")

    assert changed(context, before) == ["function code fit.py"]


def test_what_other_tools_reported_counts(context: RunContext) -> None:
    report = context.origin.root / "audit.json"
    report.write_text("{}")
    evaluation = replace(context.pipeline.evaluate, reports={"audit": "audit.json"})
    context.pipeline = replace(context.pipeline, evaluate=evaluation)
    before = evaluate.inputs(context)
    report.write_text('{"high": 1}')

    assert changed(context, before) == ["report audit"]
