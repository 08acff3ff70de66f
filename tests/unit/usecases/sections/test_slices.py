from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgitops.evaluation.predictions import Predictions
from mlgitops.model.errors import SpecError
from mlgitops.model.metrics import FEWEST_OF_CLASS
from mlgitops.model.pipeline import Condition, SliceBy, Task
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.scoring import Rows
from mlgitops.usecases.sections.slices import judge_slices
from tests.fakes.laboratory import Laboratory

TRUTH = np.array([0, 1, 0, 1, 1, 0, 1, 0, 1, 1])
SCORES = np.array([0.1, 0.9, 0.4, 0.6, 0.8, 0.3, 0.35, 0.2, 0.7, 0.95])
ROWS = Rows(TRUTH, ())
COLUMNS: dict[str, Any] = {
    "plan": np.array(["a"] * 7 + ["b"] * 3, dtype=object),
    "spent": np.arange(10.0),
}


def predictions(task: Task = "binary-classification") -> Predictions:
    return Predictions(task, SCORES)


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return Laboratory.create(tmp_path / "laboratory").context(until="extract")


def sliced(context: RunContext, *slices: SliceBy) -> RunContext:
    evaluate = replace(context.pipeline.evaluate, slices=slices)
    context.pipeline = replace(context.pipeline, evaluate=evaluate)
    return context


def test_a_slice_of_too_few_rows_is_listed_without_numbers(context: RunContext) -> None:
    found = judge_slices(
        sliced(context, SliceBy(("plan",), 5)), COLUMNS, ROWS, predictions(), predictions()
    )

    assert [(one["name"], one["judged"], one["n"], one["positives"]) for one in found] == [
        ("plan=a", True, 7, 4),
        ("plan=b", False, 3, 2),
    ]
    assert set(found[0]["metrics"]) == set(found[0]["comparison"]) == {"roc_auc", "log_loss"}
    assert found[1]["metrics"] == found[1]["comparison"] == {}


def test_a_slice_s_numbers_are_those_of_its_rows(context: RunContext) -> None:
    (a, _) = judge_slices(
        sliced(context, SliceBy(("plan",), 1)), COLUMNS, ROWS, predictions(), predictions()
    )
    alone = Rows(TRUTH[:7], ())
    (whole,) = judge_slices(
        sliced(context, SliceBy(("all",), 1)),
        {"all": np.ones(7)},
        alone,
        predictions().take(np.arange(7)),
        predictions().take(np.arange(7)),
    )

    assert a["metrics"] == whole["metrics"]
    assert a["comparison"] == whole["comparison"]


@pytest.mark.parametrize(
    ("least", "judged"),
    [
        (0, [True, True]),
        (1, [True, True]),
        (2, [True, False]),
        (3, [True, False]),
        (4, [False] * 2),
    ],
)
def test_positives_and_negatives_have_to_be_enough(
    context: RunContext, least: int, judged: list[bool]
) -> None:
    """The slice a has 4 positives and 3 negatives, b has 2 and 1."""
    found = judge_slices(
        sliced(context, SliceBy(("plan",), 1, min_positives=least)),
        COLUMNS,
        ROWS,
        predictions(),
        None,
    )

    assert [one["judged"] for one in found] == judged
    assert [bool(one["metrics"]) for one in found] == judged
    assert ["lacks" not in one for one in found] == judged


@pytest.mark.parametrize(
    ("rows", "positives", "lacks"),
    [(8, 0, "rows"), (7, 5, "positives"), (7, 4, "negatives"), (7, 3, None)],
)
def test_what_there_is_too_little_of_is_told(
    context: RunContext, rows: int, positives: int, lacks: str | None
) -> None:
    asked = sliced(context, SliceBy(("plan",), rows, min_positives=positives))

    (found, _) = judge_slices(asked, COLUMNS, ROWS, predictions(), None)

    assert found.get("lacks") == lacks


def test_positives_of_one_cluster_count_once(context: RunContext) -> None:
    customers = np.array([0, 1, 2, 1, 1, 3, 4, 5, 6, 6])
    rows = Rows(TRUTH, (), customers)

    two, three = (
        judge_slices(
            sliced(context, SliceBy(("plan",), 5, min_positives=least)),
            COLUMNS,
            rows,
            predictions(),
            None,
        )[0]
        for least in (2, 3)
    )

    assert (two["judged"], two["positives"]) == (True, 4)
    assert (three["judged"], three["lacks"]) == (False, "positives")


def test_a_slice_is_judged_by_default_where_the_areas_can_be_compared(
    context: RunContext,
) -> None:
    """Of five negatives as many positives are judged, and of four neither is."""
    truth = np.repeat([1, 0, 1, 0], [5, 5, 4, 9])
    scores = np.random.default_rng(3).random(truth.size)
    model, other = (Predictions("binary-classification", one) for one in (scores, scores**2 / 2))
    columns: dict[str, Any] = {"part": np.repeat(["five", "four"], [10, 13]).astype(object)}
    asked = sliced(context, SliceBy(("part",), 1, min_positives=FEWEST_OF_CLASS))

    five, four = judge_slices(asked, columns, Rows(truth, ()), model, other)

    assert (five["judged"], "roc_auc" in five["comparison"]) == (True, True)
    assert (four["judged"], four["comparison"]) == (False, {})


def test_without_champion_a_slice_is_not_compared(context: RunContext) -> None:
    (a, _) = judge_slices(
        sliced(context, SliceBy(("plan",), 5)), COLUMNS, ROWS, predictions(), None
    )

    assert a["metrics"]
    assert a["comparison"] == {}


def test_every_declared_cut_is_made(context: RunContext) -> None:
    both = sliced(context, SliceBy(("plan",), 1), SliceBy(("plan",), 100))

    found = judge_slices(both, COLUMNS, ROWS, predictions(), None)

    assert len(found) == 4
    assert [bool(one["metrics"]) for one in found] == [True, True, False, False]


def test_a_slice_by_conditions_names_their_columns(context: RunContext) -> None:
    where = (Condition("spent", at_least=2), Condition("plan", equals=("a",)))
    nowhere = (Condition("plan", equals=("c",)),)
    found = judge_slices(
        sliced(
            context,
            SliceBy((), 5, name="big", where=where),
            SliceBy((), 1, name="none", where=nowhere),
        ),
        COLUMNS,
        ROWS,
        predictions(),
        None,
    )

    assert [(one["name"], one["by"], one["judged"], one["n"]) for one in found] == [
        ("big", ["spent", "plan"], True, 5),
        ("none", ["plan"], False, 0),
    ]
    assert found[0]["metrics"]
    assert found[1]["metrics"] == {}


def test_a_slice_of_a_regression_counts_no_positives(context: RunContext) -> None:
    context.pipeline = replace(context.pipeline, task="regression")

    found = judge_slices(
        sliced(context, SliceBy(("plan",), 100)),
        COLUMNS,
        Rows(SCORES, ()),
        predictions("regression"),
        None,
    )

    assert len(found) == 2
    assert all("positives" not in one for one in found)


def test_a_column_that_is_not_there_is_refused(context: RunContext) -> None:
    with pytest.raises(SpecError, match="no column 'plann'"):
        judge_slices(sliced(context, SliceBy(("plann",), 1)), COLUMNS, ROWS, predictions(), None)
