from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgitops.evaluation.predictions import Predictions
from mlgitops.model.pipeline import SliceBy, Task
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.scoring import Rows
from mlgitops.usecases.sections.fairness import fairness
from tests.fakes.laboratory import Laboratory

DRAW = np.random.default_rng(3)
N = 120
TRUTH = DRAW.integers(0, 2, N)
SCORES = DRAW.random(N)
COLUMNS: dict[str, Any] = {
    "sex": np.array(["f"] * 60 + ["m"] * 50 + ["x"] * 10, dtype=object),
    "old": np.arange(N) % 2 == 0,
}


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return Laboratory.create(tmp_path / "laboratory").context(until="extract")


def grouped(context: RunContext, *groups: SliceBy) -> RunContext:
    evaluate = replace(context.pipeline.evaluate, groups=groups)
    context.pipeline = replace(context.pipeline, evaluate=evaluate)
    return context


def examined(context: RunContext, rows: Rows, task: Task = "binary-classification") -> Any:
    return fairness(context, COLUMNS, rows, Predictions(task, SCORES))


def test_who_asks_for_no_groups_gets_none(context: RunContext) -> None:
    assert examined(context, Rows(TRUTH, ())) == {}


def test_groups_of_too_few_rows_are_listed_and_not_compared(context: RunContext) -> None:
    found = examined(grouped(context, SliceBy(("sex",), 20)), Rows(TRUTH, ()))["sex"]

    assert found["by"] == ["sex"]
    assert [(one["name"], one["n"], one["positives"]) for one in found["groups"]] == [
        ("sex=f", 60, TRUTH[:60].sum()),
        ("sex=m", 50, TRUTH[60:110].sum()),
        ("sex=x", 10, TRUTH[110:].sum()),
    ]
    assert [bool(one["rates"]) for one in found["groups"]] == [True, True, False]
    assert found["gaps"].keys() == found["groups"][0]["rates"].keys()
    for gap in found["gaps"].values():
        assert {gap["largest"], gap["smallest"]} == {"sex=f", "sex=m"}


def test_one_judged_group_has_rates_and_no_gaps(context: RunContext) -> None:
    found = examined(grouped(context, SliceBy(("sex",), 60)), Rows(TRUTH, ()))["sex"]

    assert found["groups"][0]["rates"]
    assert found["gaps"] == {}


def test_positives_have_to_be_enough(context: RunContext) -> None:
    found = examined(grouped(context, SliceBy(("sex",), 1, min_positives=15)), Rows(TRUTH, ()))

    assert [bool(one["rates"]) for one in found["sex"]["groups"]] == [True, True, False]


def test_each_comparison_is_under_its_columns(context: RunContext) -> None:
    found = examined(
        grouped(context, SliceBy(("sex",), 1), SliceBy(("sex", "old"), 1)), Rows(TRUTH, ())
    )

    assert list(found) == ["sex", "sex,old"]
    assert len(found["sex,old"]["groups"]) == 6


def test_rows_of_one_cluster_are_taken_together(context: RunContext) -> None:
    clusters = np.repeat(np.arange(N // 2), 2)

    found = examined(grouped(context, SliceBy(("sex",), 20)), Rows(TRUTH, (), clusters))["sex"]

    assert found["groups"][0]["rates"]["accuracy"]["clusters"] == 30
    assert found["gaps"]["accuracy"]["difference"]["clusters"] == 55


def test_a_regression_counts_no_positives(context: RunContext) -> None:
    found = examined(
        grouped(context, SliceBy(("sex",), 20)), Rows(TRUTH.astype(float), ()), "regression"
    )["sex"]

    assert found["gaps"].keys() == {"mae", "mean_error"}
    assert all("positives" not in one for one in found["groups"])
