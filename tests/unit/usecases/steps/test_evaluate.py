from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.spec import Pin, Release
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.steps import evaluate
from tests.fakes.laboratory import Laboratory, keep

PIN = Pin(3, "0123456789ab", "sha256:m", "sha256:e")


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


def test_everything_that_evidence_says_is_an_input(context: RunContext) -> None:
    assert list(evaluate.inputs(context)) == [
        "train model", "train record", "split train", "split holdout", "validate validation",
        "extract extraction", "spec evaluate", "spec data", "sample",
        "uncommitted changes", "champion staging",
        "champion production",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "outputs", "name"),
    [
        ("train", {"model": "other", "train": {}}, "train model"),
        ("train", {"model": "m", "train": {"record": 1}}, "train record"),
        ("split", {"train": "t", "holdout": "other", "split": {}}, "split holdout"),
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
    assert evaluate.inputs(context)["champion production"] == "version 3 sha256:m"


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

    assert changed(context, before) == ["spec data"]


def test_gates_do_not_count(context: RunContext) -> None:
    before = evaluate.inputs(context)
    context.pipeline = replace(context.pipeline, gates=())

    assert changed(context, before) == []
