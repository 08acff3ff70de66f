"""What is found about the candidate of a real run, against its tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgitops import folders
from mlgitops.model.spec import Pin
from mlgitops.usecases import dossier, predicting, scoring
from mlgitops.usecases.champions import ChampionModel
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.findings import examine, stand
from tests.fakes.laboratory import Laboratory, as_csv, customers

pytestmark = pytest.mark.slow


def judged(context: RunContext, environment: str = "staging") -> Any:
    return json.loads(context.path("evaluate", f"evidence-{environment}").read_bytes())


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context()


def test_the_numbers_are_on_the_holdout(context: RunContext) -> None:
    document = judged(context)
    held_out = document["data"]["split"]["holdout"]["rows"]

    assert {estimate["n"] for estimate in document["metrics"].values()} == {held_out}
    assert {one["n"] for one in document["baseline"]["comparison"].values()} == {held_out}
    assert sum(one["n"] for one in document["calibration"]["bins"]) == held_out
    assert sum(one["n"] for one in document["slices"]) == held_out
    assert document["train_metrics"].keys() == document["metrics"].keys()


def test_slices_and_groups_are_cut_by_columns_that_the_model_need_not_see(
    laboratory: Laboratory,
) -> None:
    laboratory.edit(
        "mlops/pipelines/churn.yaml",
        "slices: [{by: [plan], minRows: 40}]",
        "slices: [{name: regulars, where: {shop: [shop-1, shop-2], visits: {atLeast: 5}}}], "
        "groups: [{by: [plan], minRows: 40, minPositives: 5}]",
    )

    document = judged(laboratory.context(until="evaluate"))

    (regulars,) = document["slices"]
    plans = document["fairness"]["plan"]
    assert (regulars["name"], regulars["by"]) == ("regulars", ["shop", "visits"])
    assert not regulars["judged"]
    assert 0 < regulars["n"] < 40
    assert [one["name"] for one in plans["groups"]] == ["plan=basic", "plan=extra"]
    assert plans["gaps"]["selection_rate"]["difference"]["method"] == "mover-wilson"


def test_the_numbers_follow_from_the_scores_that_are_kept(context: RunContext) -> None:
    tables, scores = context.neighbours.tables, context.path("evaluate", "scores")
    columns = tables.read(scores, ["truth", "candidate"])
    from mlgitops.evaluation.predictions import Predictions

    rows = scoring.Rows(columns["truth"], ())
    again = scoring.estimates(
        ["roc_auc", "log_loss"],
        rows,
        Predictions("binary-classification", columns["candidate"]),
        0.95,
    )

    assert judged(context)["metrics"] == again
    assert judged(context)["scores"] == context.digest("evaluate", "scores")


def test_the_baseline_is_a_prior_for_classes(context: RunContext) -> None:
    baseline = judged(context)["baseline"]

    assert baseline["kind"] == "prior"
    assert baseline["metrics"]["roc_auc"]["value"] == 0.5


def test_the_baseline_of_a_regression_is_the_mean(laboratory: Laboratory) -> None:
    context = laboratory.context("demand", until="evaluate")

    assert judged(context)["baseline"]["kind"] == "mean"


def test_leakage_ranks_the_columns_by_how_much_each_tells_alone(context: RunContext) -> None:
    leakage = judged(context)["leakage"]

    assert [one["column"] for one in leakage["features"]][:2] == ["visits", "spent"]
    assert leakage["max_feature_auc"] == leakage["features"][0]["auc"]
    assert leakage["after_the_fact"] == []
    assert leakage["duplicate_rows"] == 0


def test_rows_on_both_sides_are_counted(laboratory: Laboratory) -> None:
    rows = customers()
    for number, row in enumerate(rows[:400]):
        rows[number] = {**rows[number % 100], "customer": row["customer"]}
    laboratory.write("data/customers.csv", as_csv(rows))

    document = judged(laboratory.context(until="evaluate"))

    held_out = document["data"]["split"]["holdout"]["rows"]
    assert document["leakage"]["duplicate_rows"] > 50
    assert document["leakage"]["duplicate_share"] == (
        document["leakage"]["duplicate_rows"] / held_out
    )


def test_a_champion_is_named_and_scored(context: RunContext, tmp_path: Path) -> None:
    known, rows = scoring.answers(context)
    from mlgitops.evaluation.predictions import Predictions

    good = rows.truth * 0.8 + np.linspace(0.05, 0.15, len(rows.truth))
    candidate = Predictions("binary-classification", good)
    champion = Predictions("binary-classification", np.full(len(rows.truth), 0.5))
    predicted = replace(
        predicting.predict(context, (known, rows), {}, tmp_path), candidate=candidate
    )
    findings = examine(context, f"sha256:{'c' * 64}", (known, rows), predicted, {})
    pin = Pin(3, "0123456789ab", "sha256:m", "sha256:e")
    model = ChampionModel(pin, context.path("train", "model"), findings.signature)

    standing = stand(context, findings, rows, (model, champion))
    document = dossier.compile_evidence(context, "staging", findings, standing, "sha256:s")

    assert document["champion"] is not None
    assert document["champion"]["version"] == 3
    assert document["champion"]["metrics"]["roc_auc"]["value"] == 0.5
    assert document["metrics"]["roc_auc"]["value"] == 1.0
    assert document["comparison"]["roc_auc"]["delta"] == 0.5
    assert document["comparison"]["log_loss"]["delta"] > 0
    assert document["train_metrics"].keys() == document["metrics"].keys()
    assert document["compatibility"] == {
        "added": [], "removed": [], "retyped": [], "outputs_changed": False,
    }  # fmt: skip


def test_the_model_s_files_are_read(context: RunContext) -> None:
    document = judged(context)
    files = folders.manifest(context.path("train", "model")).files

    assert [one["path"] for one in document["artifact"]["files"]] == [one.path for one in files]
    assert "shop.features.build" in document["artifact"]["globals"]
    assert document["artifact"]["unreadable"] == []
    assert "scikit-learn" in {one["name"] for one in document["dependencies"]}
    assert "compatibility" not in document


def test_the_champion_s_signature_is_compared(context: RunContext, tmp_path: Path) -> None:
    known, rows = scoring.answers(context)
    predicted = predicting.predict(context, (known, rows), {}, tmp_path)
    findings = examine(context, f"sha256:{'c' * 64}", (known, rows), predicted, {})
    signature = replace(findings.signature, inputs={"visits": "long", "old": "double"})
    model = ChampionModel(Pin(3, "0123456789ab", "sha256:m", "sha256:e"), tmp_path, signature)

    standing = stand(context, findings, rows, (model, predicted.candidate))

    assert standing.compatibility == {
        "added": ["spent", "plan"],
        "removed": ["old"],
        "retyped": [{"name": "visits", "before": "long", "after": "double"}],
        "outputs_changed": False,
    }
