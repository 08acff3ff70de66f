from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from mlgitops.evaluation import metrics
from mlgitops.evaluation.predictions import Predictions
from mlgitops.model.curves import Curves
from mlgitops.model.digest import digest, short
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Pin, Release
from mlgitops.ports import Access, Hear, Job, Worker
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.judging import candidate_digest, judge
from tests.fakes.laboratory import Laboratory, as_csv, customers, keep
from tests.fakes.run_neighbours import CountingWorker

pytestmark = pytest.mark.slow


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context()


def with_champion(laboratory: Laboratory, context: RunContext) -> Pin:
    """Release version 1 to staging, for *context* alone."""
    version = laboratory.registry.versions("churn")[0]
    assert version.candidate
    assert version.manifest
    pin = Pin(1, short(version.candidate), version.manifest, "sha256:e")
    releases = {("staging", "churn"): Release("churn", "staging", pin, None)}
    context.specs = replace(context.specs, releases=releases)
    return pin


def test_there_is_a_document_and_curves_for_each_environment(context: RunContext) -> None:
    assert set(context.made["evaluate"].outputs) == {
        "scores",
        "evidence-staging",
        "curves-staging",
        "evidence-production",
        "curves-production",
    }


def test_a_candidate_is_what_made_it_and_what_came_out(context: RunContext) -> None:
    record = context.json("train", "train")["record"]
    named = digest({"inputs": record["digest"], "manifest": context.digest("train", "model")})

    assert candidate_digest(context) == named

    keep(context, "train", train={"record": {"digest": "other"}}, model="other")

    assert candidate_digest(context) != named


def test_judging_twice_gives_the_same_bytes(context: RunContext, tmp_path: Path) -> None:
    again = judge(context, tmp_path)

    assert {name: path.read_bytes() for name, path in again.items()} == {
        name: kept.path.read_bytes() for name, kept in context.made["evaluate"].outputs.items()
    }


def test_the_model_never_sees_the_label(context: RunContext, tmp_path: Path) -> None:
    judge(context, tmp_path)

    for table in ("unlabelled.parquet", "train-unlabelled.parquet"):
        columns = [c["name"] for c in context.neighbours.tables.schema(tmp_path / table)]
        assert columns == ["visits", "spent", "plan"]


def test_scores_hold_every_row_of_every_model(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    pin = with_champion(laboratory, context)
    tables = context.neighbours.tables

    scores = judge(context, tmp_path)["scores"]

    champion = f"champion_{short(pin.manifest)}"
    assert [c["name"] for c in tables.schema(scores)] == ["truth", "candidate", champion]
    columns = tables.read(scores, ["truth", "candidate", champion])
    assert (
        columns["truth"] == tables.read(context.path("split", "holdout"), ["left"])["left"]
    ).all()
    # The champion is the candidate's own bytes, so it predicts the same.
    assert np.array_equal(columns["candidate"], columns[champion])


def test_scores_tell_which_rows_are_of_one_cluster(context: RunContext, tmp_path: Path) -> None:
    evaluate = replace(context.pipeline.evaluate, cluster="shop", slices=())
    context.pipeline = replace(context.pipeline, evaluate=evaluate)
    tables = context.neighbours.tables

    made = judge(context, tmp_path)

    columns = tables.read(made["scores"], ["truth", "candidate", "cluster"])
    again = metrics.estimate(
        "roc_auc",
        columns["truth"],
        Predictions("binary-classification", columns["candidate"]),
        0.95,
        columns["cluster"],
    )
    assert json.loads(made["evidence-staging"].read_bytes())["metrics"]["roc_auc"] == again


def test_a_slice_of_a_value_that_stands_nowhere_is_refused(laboratory: Laboratory) -> None:
    slices = "slices: [{name: old, where: {plan: basik}, minRows: 1}]"
    laboratory.edit("mlops/pipelines/churn.yaml", "slices: [{by: [plan], minRows: 40}]", slices)

    error = laboratory.run(last="evaluate").error

    assert isinstance(error, SpecError)
    assert 'evaluate.slices[0].where: no row of the data has "basik"' in error.message


def test_curves_of_candidate_and_champion_lie_side_by_side(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    with_champion(laboratory, context)
    made = judge(context, tmp_path)

    staging, production = (
        Curves.parse(json.loads(made[f"curves-{name}"].read_text()))
        for name in ("staging", "production")
    )

    assert staging.champion == staging.candidate == production.candidate
    assert production.champion is None


def test_a_champion_that_asks_for_a_column_that_is_gone_is_named(
    laboratory: Laboratory, context: RunContext
) -> None:
    rows = [{("visit" if k == "visits" else k): v for k, v in row.items()} for row in customers()]
    laboratory.write("data/customers.csv", as_csv(rows))
    laboratory.edit("mlops/pipelines/churn.yaml", "[visits, spent, plan]", "[visit, spent, plan]")
    laboratory.edit("mlops/datasets/customers.yaml", "column: visits", "column: visit")
    for name in ("features", "train"):
        code = laboratory.root / "shop" / f"{name}.py"
        code.write_text(code.read_text().replace('"visits"', '"visit"'))
    pin = with_champion(laboratory, context)
    releases = {("staging", "churn"): Release("churn", "staging", pin, None)}

    result = laboratory.run(change=lambda specs: replace(specs, releases=releases))

    assert isinstance(result.error, SpecError)
    assert "signature of released version 1: no column 'visits'" in result.error.message
    assert result.error.hint == "did you mean 'visit'?"


class ForgingWorker(CountingWorker):
    """A worker whose training writes to the store, as it can where nothing stops it."""

    def run(
        self, job: Job, request: Mapping[str, Any], access: Access, hear: Hear | None = None
    ) -> dict[str, Any]:
        answer = super().run(job, request, access, hear)
        if job == "train":
            for kept in Path(request["root"], ".mlgitops/store/files").iterdir():
                kept.write_bytes(kept.read_bytes() + b" ")
        return answer


def test_training_that_writes_to_the_store_makes_no_model(laboratory: Laboratory) -> None:
    honest = laboratory.worker
    laboratory.worker = ForgingWorker(honest.behind)
    laboratory.edit("mlops/pipelines/churn.yaml", "C: 1.0", "C: 2.0")

    result = laboratory.run()

    assert isinstance(result.error, SpecError)
    assert "was changed after it was made" in result.error.message
    assert set(result.context.made) == {"extract", "validate", "split", "features"}

    laboratory.worker = honest
    assert laboratory.run().error is None


class ListeningWorker:
    """A worker that notes whose predictions it is asked for, in order."""

    def __init__(self, behind: Worker) -> None:
        self.behind = behind
        self.asked: list[str] = []
        self.sandbox = behind.sandbox

    def warm(self, jobs: Sequence[Job]) -> None:
        self.behind.warm(jobs)

    def run(
        self, job: Job, request: Mapping[str, Any], access: Access, hear: Hear | None = None
    ) -> dict[str, Any]:
        self.asked.append(Path(request["out"]).stem)
        return self.behind.run(job, request, access, hear)

    def close(self) -> None:
        self.behind.close()


def test_the_candidate_predicts_after_what_it_is_compared_with(
    laboratory: Laboratory, context: RunContext, tmp_path: Path
) -> None:
    with_champion(laboratory, context)
    worker = ListeningWorker(context.neighbours.worker)
    context.neighbours = replace(cast("Any", context.neighbours), worker=worker)

    judge(context, tmp_path)

    assert worker.asked == ["champion-1", "candidate", "candidate-on-train"]
