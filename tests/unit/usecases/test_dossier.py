"""The evidence of a real run, against the tables that it was made from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlgitops import folders
from mlgitops.model.evidence import SCHEMA
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.freshness import examination
from tests.fakes.laboratory import Laboratory

pytestmark = pytest.mark.slow


def judged(context: RunContext, environment: str = "staging") -> Any:
    return json.loads(context.path("evaluate", f"evidence-{environment}").read_bytes())


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context()


def test_the_evidence_keeps_its_schema(context: RunContext) -> None:
    for environment in ("staging", "production"):
        content = context.path("evaluate", f"evidence-{environment}").read_bytes()
        document = evidence_file.decode(content)

        assert document["schema"] == SCHEMA
        assert document["environment"] == environment
        assert evidence_file.encode(document) == content


def test_the_subject_is_the_model_that_lies_there(context: RunContext) -> None:
    subject = judged(context)["subject"]
    model = folders.manifest(context.path("train", "model"))

    assert subject["model"] == "churn"
    assert subject["manifest"] == model.digest
    assert subject["size_bytes"] == model.size_bytes
    assert [column["name"] for column in subject["inputs"]] == ["visits", "spent", "plan"]


def test_the_data_is_what_the_earlier_steps_found(context: RunContext) -> None:
    data = judged(context)["data"]

    assert data["digest"] == context.digest("extract", "table")
    assert data["rows"] == 500
    assert data["label"] == "left"
    assert data["validation"] == context.json("validate", "validation")
    assert data["split"] == context.json("split", "split")
    assert data["split"]["train"]["rows"] + data["split"]["holdout"]["rows"] == 500
    assert "window" not in data


def test_a_time_column_gives_a_window(laboratory: Laboratory) -> None:
    laboratory.edit(
        "mlops/datasets/customers.yaml",
        "split: {strategy: stratified, holdout: 0.4}",
        "time: day\n  split: {strategy: time, holdout: 60d}",
    )

    window = judged(laboratory.context(until="evaluate"))["data"]["window"]

    assert window["first"] < window["last"]


def test_the_producer_is_the_run_s_origin(laboratory: Laboratory) -> None:
    producer = judged(laboratory.context())["producer"]

    assert producer == {
        "time": "2026-11-22T12:00:00+00:00",
        "commit": "c0ffee",
        "dirty": False,
        "actor": "Ada <ada@example.org>",
        "trigger": "manual",
        "workflow": "local",
        "versions": laboratory.origin.versions,
        "sample": 0,
        "sandbox": laboratory.worker.sandbox,
    }


def test_the_inputs_are_those_that_training_had(context: RunContext) -> None:
    inputs = judged(context)["inputs"]

    examined = {"evaluate": examination(context.pipeline, context.dataset)}
    assert inputs == context.json("train", "train")["record"] | examined
    assert inputs["seed"] == 7
    assert inputs["data"] == context.digest("split", "train")


def test_the_card_is_what_the_spec_says(context: RunContext) -> None:
    assert judged(context)["card"] == {
        "description": context.pipeline.card.description,
        "owners": list(context.pipeline.card.owners),
        "intended_use": "",
        "limitations": "",
        "licence": "",
    }


def test_the_cost_is_that_of_the_steps_that_make_the_candidate(context: RunContext) -> None:
    cost = judged(context)["cost"]

    assert set(cost["seconds"]) == {"extract", "validate", "split", "features", "train"}
    assert cost["total_seconds"] == pytest.approx(sum(cost["seconds"].values()))


def test_the_licence_of_the_data_is_stated_where_there_is_one(laboratory: Laboratory) -> None:
    laboratory.edit("mlops/datasets/customers.yaml", "spec:", "spec:\n  licence: CC-BY-4.0")

    assert judged(laboratory.context(until="evaluate"))["data"]["licence"] == "CC-BY-4.0"
