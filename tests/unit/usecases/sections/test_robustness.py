"""A real candidate on rows that were perturbed, and one that cannot bear them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgitops.evaluation.predictions import Predictions
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.pipeline import MetricFunction, Perturbation
from mlgitops.usecases import scoring
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.scoring import Rows
from mlgitops.usecases.sections.robustness import Trial, robustness, trials, with_measures
from tests.fakes.laboratory import Laboratory
from tests.fakes.run_neighbours import ScriptedWorker

pytestmark = pytest.mark.slow

PIPELINE = "mlops/pipelines/churn.yaml"
NOISY = Perturbation("noisy", noise=2.0)
GAPS = Perturbation("gaps", missing=0.2)
NEW = Perturbation("new-plan", unseen=("plan",))
FEET = Perturbation("feet", scale={"visits": 3.0})


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context()


def tried(context: RunContext, folder: Path, *asked: Perturbation) -> list[Trial]:
    evaluate = replace(context.pipeline.evaluate, perturbations=asked)
    context.pipeline = replace(context.pipeline, evaluate=evaluate)
    _, rows = scoring.answers(context)
    return trials(context, rows, folder)


def tables_seen(context: RunContext, holdout: Any) -> dict[str, dict[str, Any]]:
    """Let a worker predict that keeps what it was given, by the table's name."""
    seen: dict[str, dict[str, Any]] = {}
    tables = context.neighbours.tables

    def predict(request: Any) -> dict[str, Any]:
        table = Path(request["table"])
        schema = {column["name"]: column["type"] for column in tables.schema(table)}
        seen[table.stem] = {"schema": schema, **tables.read(table, list(schema))}
        tables.write({"score": np.full(len(holdout), 0.5)}, Path(request["out"]))
        return {"rows": len(holdout)}

    context.neighbours = replace(context.neighbours, worker=ScriptedWorker(predict=predict))
    return seen


def test_nothing_is_tried_that_nobody_asked_for(context: RunContext, tmp_path: Path) -> None:
    tables_seen(context, [])

    assert tried(context, tmp_path) == []


def test_the_model_is_given_the_perturbed_rows_without_label(
    context: RunContext, tmp_path: Path
) -> None:
    tables, holdout = context.neighbours.tables, context.path("split", "holdout")
    before = tables.read(holdout, ["visits", "spent", "plan"])
    seen = tables_seen(context, before["plan"])

    found = tried(context, tmp_path, NOISY, GAPS, NEW, FEET)

    rows = len(before["plan"])
    assert [trial.rows for trial in found] == [rows, found[1].rows, rows, rows]
    assert rows * 0.2 < found[1].rows < rows * 0.6
    assert all(list(one["schema"]) == ["visits", "spent", "plan"] for one in seen.values())
    assert (seen["perturbed-noisy"]["visits"] != before["visits"]).all()
    assert (seen["perturbed-noisy"]["plan"] == before["plan"]).all()
    assert set(seen["perturbed-new-plan"]["plan"]) == {"unseen"}
    assert np.allclose(seen["perturbed-feet"]["visits"], 3 * before["visits"])
    assert np.array_equal(seen["perturbed-feet"]["spent"], before["spent"])
    assert np.isnan(seen["perturbed-gaps"]["visits"]).sum() == round(0.2 * rows)
    assert not list(tmp_path.glob("perturbed-*"))


def test_numbers_of_a_perturbation_stand_beside_its_cost(
    context: RunContext, tmp_path: Path
) -> None:
    found = tried(context, tmp_path, NOISY, FEET)
    _, rows = scoring.answers(context)
    columns = context.neighbours.tables.read(context.path("evaluate", "scores"), ["candidate"])
    candidate = Predictions("binary-classification", columns["candidate"])

    records = robustness(context, rows, candidate, found)

    noisy = records["noisy"]
    assert noisy["kind"] == "noise"
    assert noisy["metrics"].keys() == noisy["comparison"].keys() == {"roc_auc", "log_loss"}
    whole = scoring.estimates(["roc_auc"], rows, candidate, 0.95)["roc_auc"]
    cost = noisy["comparison"]["roc_auc"]["delta"]
    assert cost < -0.05
    assert noisy["metrics"]["roc_auc"]["value"] == pytest.approx(whole["value"] + cost)
    assert records["feet"]["kind"] == "scale"
    assert records["feet"]["comparison"]["log_loss"]["delta"] < 0


def test_a_model_that_fails_is_a_finding_without_numbers(laboratory: Laboratory) -> None:
    """A logistic regression takes no nulls: no rule on its record passes, and the run goes on."""
    laboratory.edit(
        PIPELINE,
        "evaluate: {metrics",
        "evaluate: {perturbations: {gaps: {missing: 0.2}, noisy: {noise: 0.1}}, metrics",
    )

    result = laboratory.run(last="evaluate")

    assert result.error is None
    document = json.loads(result.context.path("evaluate", "evidence-staging").read_bytes())
    gaps = document["robustness"]["gaps"]
    assert gaps["rows"] > 0
    assert gaps["metrics"] == gaps["comparison"] == {}
    assert document["robustness"]["noisy"]["metrics"]
    log = result.context.logs["evaluate"].read_text()
    assert "candidate-on-perturbed-gaps: the model cannot predict: ValueError" in log


def test_what_is_not_the_model_s_fault_is_no_finding(context: RunContext, tmp_path: Path) -> None:
    def full(request: Any) -> dict[str, Any]:
        raise Unavailable("the disk is full")

    context.neighbours = replace(context.neighbours, worker=ScriptedWorker(predict=full))
    with pytest.raises(Unavailable, match="the disk is full"):
        tried(context, tmp_path, NOISY)


def test_a_perturbation_that_changes_nothing_has_no_numbers(
    context: RunContext, tmp_path: Path
) -> None:
    (found,) = tried(context, tmp_path, Perturbation("few", missing=1e-9))
    _, rows = scoring.answers(context)

    record = robustness(context, rows, Predictions("binary-classification", np.ones(1)), [found])

    assert record["few"] == {"kind": "missing", "rows": 0, "metrics": {}, "comparison": {}}


def test_each_trial_is_measured_in_a_job_of_its_own(context: RunContext, tmp_path: Path) -> None:
    profit = MetricFunction("profit", "shop.money:profit", "maximize")
    evaluate = replace(context.pipeline.evaluate, metrics=("profit",), functions=(profit,))
    context.pipeline = replace(context.pipeline, evaluate=evaluate)
    tables, requests = context.neighbours.tables, []

    def measure(request: Any) -> dict[str, Any]:
        requests.append(request)
        scores = tables.read(Path(request["table"]), ["truth", "model_0"])
        if scores["model_0"][0] > 0.5:
            raise SpecError("division by zero", details="line 7")
        tables.write({"profit_0": scores["truth"] * 2.0}, Path(request["out"]))
        return {"rows": 2, "files": []}

    context.neighbours = replace(context.neighbours, worker=ScriptedWorker(measure=measure))
    low, high = (Predictions("binary-classification", np.full(2, one)) for one in (0.2, 0.8))
    before = [Trial(NOISY, 1, high), Trial(GAPS, 1, None), Trial(FEET, 1, low)]

    after = with_measures(context, Rows(np.array([0, 1]), ()), before, tmp_path)

    assert len(requests) == 2
    assert [trial.how for trial in after] == [NOISY, GAPS, FEET]
    assert [trial.rows for trial in after] == [1, 1, 1]
    assert [trial.predictions is None for trial in after] == [True, True, False]
    (measured,) = [trial.predictions for trial in after if trial.predictions is not None]
    assert measured.measured["profit"].values.tolist() == [0, 2]
    assert b"on perturbed rows noisy: division by zero\nline 7\n" in context.printed


def test_a_failure_of_the_machine_while_measuring_is_no_finding(
    context: RunContext, tmp_path: Path
) -> None:
    profit = MetricFunction("profit", "shop.money:profit", "maximize")
    evaluate = replace(context.pipeline.evaluate, metrics=("profit",), functions=(profit,))
    context.pipeline = replace(context.pipeline, evaluate=evaluate)

    def full(request: Any) -> dict[str, Any]:
        raise Unavailable("the disk is full")

    context.neighbours = replace(context.neighbours, worker=ScriptedWorker(measure=full))
    trial = Trial(NOISY, 1, Predictions("binary-classification", np.full(2, 0.2)))
    with pytest.raises(Unavailable, match="the disk is full"):
        with_measures(context, Rows(np.array([0, 1]), ()), [trial], tmp_path)


@pytest.mark.parametrize(
    ("perturbation", "message", "hint"),
    [
        (
            "{unseen: [plam]}",
            r"evaluate\.perturbations\.odd\.unseen: no column 'plam'",
            "did you mean 'plan'?",
        ),
        ("{unseen: [visits]}", r"odd\.unseen: 'visits' is no column of text", "those are plan"),
        (
            "{unseen: [topic]}",
            r"'topic' is no column of text that the model sees",
            "those are plan",
        ),
        (
            "{scale: {plan: 2.0}}",
            r"odd\.scale: 'plan' is no column of numbers",
            "those are visits, spent",
        ),
        ("{scale: {orders: 2.0}}", r"'orders' is no column of numbers that the model", "those are"),
    ],
)
def test_columns_that_cannot_be_perturbed_stop_the_run_early(
    laboratory: Laboratory, perturbation: str, message: str, hint: str
) -> None:
    laboratory.edit(
        PIPELINE, "evaluate: {", f"evaluate: {{perturbations: {{odd: {perturbation}}}, "
    )

    error = laboratory.run().error

    assert isinstance(error, SpecError)
    with pytest.raises(SpecError, match=f"churn\\.yaml: .*{message}"):
        raise error
    assert error.hint
    assert error.hint.startswith(hint)


def test_noise_on_text_alone_is_refused(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, "columns: [visits, spent, plan]", "columns: [plan]")
    laboratory.edit(PIPELINE, "evaluate: {", "evaluate: {perturbations: {odd: {noise: 0.1}}, ")

    error = laboratory.run(last="extract").error

    assert isinstance(error, SpecError)
    assert "odd.noise: the model sees no column of numbers" in error.message
