"""Metric functions of a real repository, and what a job might hand back instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgitops.evaluation.predictions import Predictions
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import MetricFunction
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.measuring import measured
from mlgitops.usecases.scoring import Rows
from tests.fakes.laboratory import Laboratory
from tests.fakes.run_neighbours import CountingWorker, ScriptedWorker

ROWS = Rows(np.array([0, 1, 1]), ())
PIPELINE = "mlops/pipelines/churn.yaml"
FUNCTIONS = "functions: {profit: {entrypoint: 'money:profit', direction: maximize}}"
PROFIT = "def profit(truth, score):\n    return (score > 0.5) * (11.0 * truth - 1.0)\n"


def models(*scores: float) -> list[Predictions]:
    return [Predictions("binary-classification", np.full(3, score)) for score in scores]


def asking(laboratory: Laboratory, metrics: str = "roc_auc, profit") -> None:
    laboratory.write("money.py", PROFIT)
    laboratory.edit(PIPELINE, "metrics: [roc_auc, log_loss]", f"{FUNCTIONS}, metrics: [{metrics}]")


class Measurer:
    """A repository whose `measure` job writes what a test says."""

    def __init__(self, folder: Path) -> None:
        self.laboratory = Laboratory.create(folder / "laboratory")
        asking(self.laboratory)
        self.folder = folder
        self.requests: list[Any] = []
        self.files = ["money.py"]

    def context(self, **columns: Any) -> RunContext:
        tables = self.laboratory.neighbours.tables

        def answer(request: Any) -> dict[str, Any]:
            self.requests.append(request)
            made = {name: np.asarray(values) for name, values in columns.items()}
            tables.write(made, Path(request["out"]))
            return {"rows": 3, "files": self.files}

        self.laboratory.worker = CountingWorker(ScriptedWorker(measure=answer))
        return self.laboratory.context(until="extract")

    def measured(self, *scores: float, **columns: Any) -> list[Predictions]:
        context = self.context(**columns)
        return measured(context, ROWS, models(*scores), self.folder / "scored.parquet")


@pytest.fixture
def measurer(tmp_path: Path) -> Measurer:
    return Measurer(tmp_path)


def test_the_job_is_given_truth_and_scores_and_no_more(measurer: Measurer) -> None:
    found = measurer.measured(0.2, 0.9, profit_0=[0.0, 0.0, 0.0], profit_1=[-1.0, 10.0, 10.0])

    (request,) = measurer.requests
    tables = measurer.laboratory.neighbours.tables
    columns = tables.read(Path(request["table"]), ["truth", "model_0", "model_1"])
    assert [column["name"] for column in tables.schema(Path(request["table"]))] == [*columns]
    assert columns["truth"].tolist() == [0, 1, 1]
    assert request["models"] == [
        {"columns": ["model_0"], "classes": []}, {"columns": ["model_1"], "classes": []},
    ]  # fmt: skip
    assert request["functions"] == [{"entrypoint": "money:profit", "out": ["profit_0", "profit_1"]}]
    assert [model.measured["profit"].values.tolist() for model in found] == [
        [0, 0, 0], [-1, 10, 10],
    ]  # fmt: skip
    assert {model.measured["profit"].direction for model in found} == {"maximize"}
    assert [model.scores[0] for model in found] == [0.2, 0.9]


def test_without_a_function_that_is_asked_for_nothing_is_run(tmp_path: Path) -> None:
    laboratory = Laboratory.create(tmp_path / "laboratory")
    asking(laboratory, "roc_auc")
    context = laboratory.context(until="extract")

    (found,) = measured(context, ROWS, models(0.2), tmp_path / "scored.parquet")

    assert laboratory.worker.jobs == []
    assert found.measured == {}


@pytest.mark.parametrize(
    "values",
    [[1.0, 2.0], [1.0, 2.0, None], [1.0, 2.0, np.inf], ["1", "2", "3"], [True, False, True]],
)
def test_what_the_job_wrote_is_checked_again(measurer: Measurer, values: list[Any]) -> None:
    column = np.array(values, dtype=object if None in values or "1" in values else None)
    with pytest.raises(SpecError, match="'money:profit' left no finite number for each of 3 rows"):
        measurer.measured(0.2, profit_0=column)


def test_a_column_that_the_job_left_out_is_refused(measurer: Measurer) -> None:
    with pytest.raises(SpecError, match="profit_1"):
        measurer.measured(0.2, 0.3, profit_0=[1.0, 1.0, 1.0])


def test_code_whose_changes_would_go_unseen_is_refused(measurer: Measurer) -> None:
    measurer.files = ["money.py", "shop/features.py", "prices/table.py"]
    with pytest.raises(SpecError, match=r"imports prices/table\.py, whose changes") as caught:
        measurer.measured(0.2, profit_0=[1.0, 1.0, 1.0])

    assert caught.value.hint == "move what it needs into money, or list it in train.code"


def test_a_function_s_code_is_the_top_of_its_entry_point() -> None:
    assert MetricFunction("profit", "shop.money.sums:profit", "maximize").code == "shop"


@pytest.mark.slow
def test_a_function_is_a_metric_like_any_other(laboratory: Laboratory) -> None:
    asking(laboratory)

    result = laboratory.run(last="evaluate")

    assert result.error is None
    context = result.context
    document = json.loads(context.path("evaluate", "evidence-staging").read_bytes())
    scores = context.neighbours.tables.read(
        context.path("evaluate", "scores"), ["truth", "candidate", "candidate/profit"]
    )
    by_hand = (scores["candidate"] > 0.5) * (11.0 * scores["truth"] - 1.0)
    assert np.array_equal(scores["candidate/profit"], by_hand)
    assert document["metrics"]["profit"]["value"] == pytest.approx(by_hand.mean())
    assert document["metrics"]["profit"]["low"] < by_hand.mean()
    assert document["baseline"]["comparison"]["profit"]["method"] == "paired-t"
    assert all("profit" in one["metrics"] for one in document["slices"] if one["judged"])
    assert "profit" in document["train_metrics"]


@pytest.mark.slow
def test_a_change_of_the_function_judges_anew_and_trains_nothing(laboratory: Laboratory) -> None:
    asking(laboratory)
    laboratory.run(last="evaluate")
    laboratory.write("money.py", PROFIT.replace("11.0", "6.0"))

    result = laboratory.run(last="evaluate")

    ran = {step.name: step.status for step in result.record.steps}
    assert ran["train"] == "cached"
    assert ran["evaluate"] == "ran"
    assert laboratory.run(last="evaluate").record.steps[-1].status == "cached"
