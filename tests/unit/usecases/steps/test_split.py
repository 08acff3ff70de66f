from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.steps import split
from tests.fakes.laboratory import Laboratory, keep


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return Laboratory.create(tmp_path / "laboratory").context(until="extract")


def test_it_makes_both_sides_and_the_proof(context: RunContext, tmp_path: Path) -> None:
    assert set(split.make(context, tmp_path)) == {"train", "holdout", "split"}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("spec label", {"label": "orders"}),
        ("spec label", {"positive": "yes"}),
        ("spec label", {"task": "regression"}),
        ("spec columns", {"features": None}),
    ],
)
def test_what_the_pipeline_says_is_an_input(
    context: RunContext, name: str, change: dict[str, str | None]
) -> None:
    before = split.inputs(context)
    if "features" in change:
        features = replace(context.pipeline.features, columns=())
        context.pipeline = replace(context.pipeline, features=features)
    else:
        context.pipeline = replace(context.pipeline, **change)  # type: ignore[arg-type]

    after = split.inputs(context)

    assert [key for key in before if before[key] != after[key]] == [name]


def test_what_the_dataset_says_is_an_input(context: RunContext) -> None:
    before = split.inputs(context)
    context.dataset = replace(
        context.dataset, keys=("day",), split=replace(context.dataset.split, seed=1)
    )
    after = split.inputs(context)

    assert [key for key in before if before[key] != after[key]] == ["spec split", "spec keys"]


def test_a_column_known_only_after_the_fact_is_an_input_where_none_is_named(
    context: RunContext,
) -> None:
    unnamed = replace(context.pipeline.features, columns=())
    context.pipeline = replace(context.pipeline, features=unnamed)
    before = split.inputs(context)
    context.dataset = replace(context.dataset, after_the_fact=("refund", "spent"))

    after = split.inputs(context)

    assert [key for key in before if before[key] != after[key]] == ["spec columns"]


def test_how_it_is_trained_is_no_input(context: RunContext) -> None:
    before = split.inputs(context)
    train = replace(context.pipeline.train, seed=1, params={})
    context.pipeline = replace(context.pipeline, train=train)

    assert split.inputs(context) == before


def test_sides_that_are_apart_are_accepted(context: RunContext) -> None:
    keep(context, "split", split={"shared_rows": 0})

    split.accept(context)


def test_a_row_on_both_sides_is_refused(context: RunContext) -> None:
    keep(context, "split", split={"shared_rows": 3})

    with pytest.raises(SpecError, match="3 rows of train and holdout are not apart"):
        split.accept(context)
