from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgitops.evaluation.predictions import Measured, Predictions
from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Task
from mlgitops.usecases import scoring
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.scoring import Rows
from tests.fakes.laboratory import Laboratory
from tests.fakes.run_neighbours import CountingWorker, ScriptedWorker

BINARY: Task = "binary-classification"
TRUTH = np.array([0, 1, 0, 1, 1, 0, 1, 0, 1, 1])
SCORES = np.array([0.1, 0.9, 0.4, 0.6, 0.8, 0.3, 0.35, 0.2, 0.7, 0.95])
ROWS = Rows(TRUTH, ())


def predictions(scores: Any = SCORES, classes: tuple[str, ...] = (), task: Task = BINARY) -> Any:
    return Predictions(task, np.asarray(scores, dtype=float), classes)


class Scorer:
    """Has a model predict the columns that a test gives."""

    def __init__(self, root: Path) -> None:
        self.laboratory = Laboratory.create(root / "laboratory")
        self.folder = root
        self.requests: list[Any] = []

    def predict(self, model: str, rows: Rows, **columns: Any) -> Predictions:
        tables = self.laboratory.neighbours.tables

        def answer(request: Any) -> dict[str, Any]:
            self.requests.append({**request, "out": Path(request["out"]).name})
            made = {name: np.asarray(values) for name, values in columns.items()}
            tables.write(made, Path(request["out"]))
            return {"rows": len(next(iter(made.values())))}

        self.laboratory.worker = CountingWorker(ScriptedWorker(predict=answer))
        context = self.laboratory.context(model, until="extract")
        table = self.folder / "unlabelled.parquet"
        return scoring.predict(context, self.folder / "model", table, rows, name="candidate")


@pytest.fixture
def scorer(tmp_path: Path) -> Scorer:
    return Scorer(tmp_path)


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return Laboratory.create(tmp_path / "laboratory").context(until="extract")


def test_the_worker_is_given_paths_and_a_task_and_no_label(scorer: Scorer) -> None:
    found = scorer.predict("churn", ROWS, score=SCORES)

    assert found.scores.tolist() == SCORES.tolist()
    assert scorer.requests == [
        {
            "model": str(scorer.folder / "model"),
            "table": str(scorer.folder / "unlabelled.parquet"),
            "task": "binary-classification",
            "positive": 1,
            "out": "candidate.parquet",
        }
    ]


def test_a_regression_predicts_numbers(scorer: Scorer) -> None:
    rows = Rows(np.array([1.5, -2.0]), ())

    assert scorer.predict("demand", rows, prediction=[1.0, 2.0]).scores.tolist() == [1.0, 2.0]


def test_classes_are_put_in_the_order_of_the_truth(scorer: Scorer) -> None:
    rows = Rows(np.array([0, 1]), ("a", "b"))

    found = scorer.predict(
        "topic", rows, p_c=[0.1, 0.2], p_b=[0.6, 0.3], p_a=[0.3, 0.5], label=["b", "a"]
    )

    assert found.classes == ("a", "b", "c")
    assert found.scores.tolist() == [[0.3, 0.6, 0.1], [0.5, 0.3, 0.2]]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([0.5] * 9 + [float("nan")], "NaN or an infinity in 1 of 10 rows"),
        ([0.5] * 9 + [float("inf")], "NaN or an infinity in 1 of 10 rows"),
        ([0.5] * 9 + [1.5], "a probability outside 0..1 in 1 of 10 rows"),
        ([0.5] * 9, r"predictions of shape \(9,\) where \(10,\) was due"),
    ],
)
def test_what_no_number_follows_from_is_refused(
    scorer: Scorer, scores: list[float], message: str
) -> None:
    with pytest.raises(SpecError, match=f"the candidate .*{message}"):
        scorer.predict("churn", ROWS, score=scores)


def test_probabilities_of_no_class_are_refused(scorer: Scorer) -> None:
    rows = Rows(np.array([0, 1]), ("a", "b"))

    with pytest.raises(SpecError, match="the candidate gave no probability of any class"):
        scorer.predict("topic", rows, label=["a", "b"])


def test_classes_that_the_label_does_not_have_are_refused(scorer: Scorer) -> None:
    rows = Rows(np.array([0, 1]), ("true", "false"))

    with pytest.raises(SpecError, match="knows the classes True, False, and the label has true"):
        scorer.predict("topic", rows, p_True=[0.1, 0.2], p_False=[0.9, 0.8], label=["x", "x"])


def test_a_model_that_fails_is_named(tmp_path: Path) -> None:
    def refuse(request: Any) -> dict[str, Any]:
        raise SpecError(f"the model cannot predict {request['task']}", hint="h", details="d")

    laboratory = Laboratory.create(tmp_path / "laboratory", ScriptedWorker(predict=refuse))
    context = laboratory.context(until="extract")

    with pytest.raises(SpecError, match="the champion-3: the model cannot predict") as caught:
        scoring.predict(context, tmp_path, tmp_path / "t.parquet", ROWS, name="champion-3")

    assert (caught.value.hint, caught.value.details) == ("h", "d")


@pytest.mark.slow
def test_both_sides_have_one_set_of_classes(laboratory: Laboratory) -> None:
    known, rows = scoring.answers(laboratory.context("topic", until="split"))

    assert known.classes == rows.classes == ("other", "price", "service")
    assert len(known.truth) == 300
    assert len(rows.truth) == 200


@pytest.mark.parametrize(
    ("names", "compute"),
    [
        ("estimates", lambda names: scoring.estimates(names, ROWS, predictions(), 0.95)),
        ("points", lambda names: scoring.points(names, ROWS, predictions())),
        (
            "comparisons",
            lambda names: scoring.comparisons(names, ROWS, predictions(), predictions(), 0.95),
        ),
    ],
)
def test_every_metric_is_computed(names: str, compute: Callable[[Any], Any]) -> None:
    assert list(compute(["roc_auc", "log_loss"])) == ["roc_auc", "log_loss"]


def test_a_metric_that_is_not_defined_is_left_out() -> None:
    rows = Rows(np.ones(10, dtype=int), ())
    names = ["roc_auc", "accuracy"]

    assert list(scoring.estimates(names, rows, predictions(), 0.95)) == ["accuracy"]
    assert list(scoring.points(names, rows, predictions())) == ["accuracy"]
    assert list(scoring.comparisons(names, rows, predictions(), predictions(), 0.95)) == [
        "accuracy"
    ]


def test_a_model_against_itself_is_no_better() -> None:
    found = scoring.comparisons(["roc_auc", "log_loss"], ROWS, predictions(), predictions(), 0.95)

    assert [one["delta"] for one in found.values()] == [0.0, 0.0]


def test_curves_are_drawn_for_two_classes_only(context: RunContext) -> None:
    found = scoring.curves(context, ROWS, predictions())

    assert found is not None
    assert found.roc is not None
    assert found.roc[0] == (0.0, 0.0)
    assert found.roc[-1] == (1.0, 1.0)
    assert scoring.curves(context, Rows(np.ones(10, dtype=int), ()), predictions()) is None
    context.pipeline = replace(context.pipeline, task="regression")
    assert scoring.curves(context, ROWS, predictions()) is None


def test_scores_are_columns_led_by_the_model_s_name() -> None:
    several = predictions([[0.2, 0.8]], ("a", "b"), "multiclass-classification")

    assert list(scoring.score_columns("candidate", predictions())) == ["candidate"]
    found = scoring.score_columns("champion", several)
    assert {name: values.tolist() for name, values in found.items()} == {
        "champion_a": [0.2],
        "champion_b": [0.8],
    }


def test_rows_carry_their_clusters() -> None:
    rows = Rows(TRUTH, (), np.arange(10) // 2)

    part = rows.take(TRUTH == 1)

    assert part.clusters is not None
    assert part.clusters.tolist() == [0, 1, 2, 3, 4, 4]


def test_clusters_widen_what_is_found() -> None:
    truth, scores = np.tile(TRUTH, 20), np.tile(SCORES, 20)
    names = ["roc_auc", "log_loss", "accuracy"]
    rows, codes = Rows(truth, ()), np.tile(np.arange(20), 10)
    clustered = Rows(truth, (), codes)
    ours, theirs = predictions(scores), predictions(1 - scores / 2)

    alone = scoring.estimates(names, rows, ours, 0.95)
    known = scoring.estimates(names, clustered, ours, 0.95)
    both = scoring.comparisons(names, rows, ours, theirs, 0.95)
    paired = scoring.comparisons(names, clustered, ours, theirs, 0.95)

    assert all(known[name]["low"] < alone[name]["low"] for name in names)
    assert all(paired[name]["se"] > both[name]["se"] for name in names)
    assert {one["clusters"] for one in known.values()} == {20}


def test_what_was_measured_is_a_metric_like_any() -> None:
    measured = {"profit": Measured(SCORES, "maximize")}
    ours = Predictions(BINARY, SCORES, measured=measured)

    assert scoring.points(["profit"], ROWS, ours) == {"profit": pytest.approx(SCORES.mean())}
    assert list(scoring.estimates(["profit"], ROWS, ours, 0.95)) == ["profit"]
    assert list(scoring.comparisons(["profit"], ROWS, ours, ours, 0.95)) == ["profit"]


@pytest.mark.slow
def test_the_cluster_column_is_read_from_the_holdout(laboratory: Laboratory) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "evaluate: {", "evaluate: {cluster: plan, ")

    known, rows = scoring.answers(laboratory.context(until="split"))

    assert known.clusters is None
    assert rows.clusters is not None
    assert len(rows.clusters) == len(rows.truth)
    assert set(rows.clusters.tolist()) == {0, 1}


def test_without_a_cluster_column_rows_are_independent(laboratory: Laboratory) -> None:
    _, rows = scoring.answers(laboratory.context(until="split"))

    assert rows.clusters is None


def test_a_cluster_column_that_is_not_there_is_refused(laboratory: Laboratory) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "evaluate: {", "evaluate: {cluster: plam, ")

    error = laboratory.run(last="extract").error

    assert error is not None
    assert "churn.yaml: evaluate.cluster: no column 'plam' in the data" in error.message
    assert error.hint == "did you mean 'plan'?"
