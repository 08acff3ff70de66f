from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.model.pipeline import Pipeline
from mlgitops.usecases.columns import (
    model_columns,
    require,
    require_met,
    require_named,
    table_columns,
)
from mlgitops.usecases.context import RunContext
from tests.fakes.laboratory import Laboratory

PIPELINE = "mlops/pipelines/churn.yaml"
NAMED = "columns: [visits, spent, plan]"


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory.create(tmp_path)


def extracted(laboratory: Laboratory, columns: str) -> RunContext:
    laboratory.edit(PIPELINE, f"{NAMED}, ", columns)
    return laboratory.run(last="extract").context


def test_the_table_s_columns_come_in_its_order(laboratory: Laboratory) -> None:
    assert table_columns(laboratory.context(until="extract")) == (
        "customer", "day", "visits", "spent", "plan", "shop", "refund", "left", "topic", "orders",
    )  # fmt: skip


def test_a_model_sees_the_columns_that_are_named(laboratory: Laboratory) -> None:
    context = extracted(laboratory, "columns: [spent, visits], ")

    assert model_columns(context) == ("spent", "visits")


def test_without_names_it_sees_all_but_what_it_must_not_know(laboratory: Laboratory) -> None:
    laboratory.edit("mlops/datasets/customers.yaml", "keys: [customer]", "keys: [customer, day]")

    assert model_columns(extracted(laboratory, "")) == (
        "visits", "spent", "plan", "shop", "topic", "orders",
    )  # fmt: skip


def test_the_time_column_is_left_out_too(laboratory: Laboratory) -> None:
    dataset = "mlops/datasets/customers.yaml"
    laboratory.edit(dataset, "keys: [customer]", "time: day")
    laboratory.edit(dataset, "{strategy: stratified, holdout: 0.4}", "{holdout: 0.4}")

    assert model_columns(extracted(laboratory, "")) == (
        "customer", "visits", "spent", "plan", "shop", "topic", "orders",
    )  # fmt: skip


def test_whoever_names_a_column_gets_it(laboratory: Laboratory) -> None:
    context = extracted(laboratory, "columns: [refund, customer], ")

    assert model_columns(context) == ("refund", "customer")


def test_the_label_cannot_be_a_feature(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, NAMED, "columns: [visits, spent]")
    context = laboratory.context(until="extract")
    context.pipeline = named(context, ("visits", "left"))

    with pytest.raises(SpecError, match=r"churn\.yaml: features\.columns: 'left' is the label"):
        model_columns(context)


def named(context: RunContext, columns: tuple[str, ...]) -> Pipeline:
    pipeline = context.pipeline
    return replace(pipeline, features=replace(pipeline.features, columns=columns))


@pytest.mark.parametrize(
    ("columns", "message", "hint"),
    [
        ("visit, spent", "no column 'visit' in the data", "did you mean 'visits'?"),
        ("qqq, zzz", "no column 'qqq', 'zzz' in the data", "the data has customer, day, visits"),
        ("visit, order", "no column 'visit', 'order'", "did you mean 'orders' or 'visits'?"),
    ],
)
def test_a_column_that_is_not_there_is_refused(
    laboratory: Laboratory, columns: str, message: str, hint: str
) -> None:
    context = extracted(laboratory, f"columns: [{columns}], ")

    with pytest.raises(SpecError) as caught:
        model_columns(context)

    assert caught.value.message.startswith("mlops/pipelines/churn.yaml: features.columns: ")
    assert message in caught.value.message
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def test_a_label_that_is_not_there_is_refused(laboratory: Laboratory) -> None:
    laboratory.edit(PIPELINE, "label: left", "label: lefft")

    with pytest.raises(SpecError, match=r"data\.label: no column 'lefft'") as caught:
        model_columns(laboratory.run(last="extract").context)

    assert caught.value.hint == "did you mean 'left'?"


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("label: left", "label: lef", "data.label: no column 'lef'"),
        ("[visits, spent, plan]", "[visits, spend]", "features.columns: no column 'spend'"),
        ("by: [plan]", "by: [shop, plann]", "evaluate.slices[0].by: no column 'plann'"),
        (
            "[{by: [plan], minRows: 40}]",
            "[{by: [plan]}, {name: far, where: {vsits: 3}}]",
            "evaluate.slices[1].where: no column 'vsits'",
        ),
        (
            "[{by: [plan], minRows: 40}]",
            "[{name: far, where: {plan: {below: 3}}}]",
            "evaluate.slices[0].where: 'plan' is string, so nothing is at least or below",
        ),
        (
            "slices: [{by: [plan], minRows: 40}]",
            "groups: [{by: [plan]}, {by: [shop, plann]}]",
            "evaluate.groups[1].by: no column 'plann'",
        ),
    ],
)
def test_every_column_that_is_named_is_looked_for_at_once(
    laboratory: Laboratory, before: str, after: str, place: str
) -> None:
    laboratory.edit(PIPELINE, before, after)

    with pytest.raises(SpecError) as caught:
        require_named(laboratory.run(last="extract").context)

    assert caught.value.message.startswith(f"{PIPELINE}: {place}")


def test_a_pipeline_whose_columns_are_there_is_fine(laboratory: Laboratory) -> None:
    require_named(laboratory.run(last="extract").context)


@pytest.mark.parametrize(
    ("where", "wanted", "hint"),
    [
        ("{plan: basik}", "\"basik\" in 'plan'", "it holds 'basic', "),
        ("{plan: [basik, 7]}", "\"basik\" or 7 in 'plan'", "it holds "),
        ("{customer: true}", "true in 'customer'", "it holds '0', '1'"),
        ("{visits: 7.25}", "7.25 in 'visits'", "it holds "),
        ("{visits: {atLeast: 1}, plan: basik}", "\"basik\" in 'plan'", "it holds "),
    ],
)
def test_a_value_that_no_row_has_is_refused(
    laboratory: Laboratory, where: str, wanted: str, hint: str
) -> None:
    cuts = f"slices: [{{by: [plan]}}, {{name: few, where: {where}}}]"
    laboratory.edit(PIPELINE, "slices: [{by: [plan], minRows: 40}]", cuts)

    with pytest.raises(SpecError) as caught:
        require_met(laboratory.run(last="extract").context)

    place = f"{PIPELINE}: evaluate.slices[1].where: no row of the data has "
    assert caught.value.message == f"{place}{wanted}"
    assert (caught.value.hint or "").startswith(hint)


@pytest.mark.parametrize(
    "where",
    ["{plan: [basik, basic]}", "{visits: {atLeast: 1000000}}", "{customer: 1}", "{customer: 1.0}"],
)
def test_values_that_some_row_has_and_bounds_are_fine(laboratory: Laboratory, where: str) -> None:
    cuts = f"slices: [{{by: [plan]}}, {{name: few, where: {where}}}]"
    laboratory.edit(PIPELINE, "slices: [{by: [plan], minRows: 40}]", cuts)

    require_met(laboratory.run(last="extract").context)


def test_a_sample_may_lack_what_is_rare(laboratory: Laboratory) -> None:
    cuts = "slices: [{name: few, where: {plan: rare}}]"
    laboratory.edit(PIPELINE, "slices: [{by: [plan], minRows: 40}]", cuts)
    context = laboratory.run(last="extract").context
    context.sample = 20

    require_met(context)


def test_nothing_missing_is_no_error() -> None:
    require(("a", "b"), ("b",), "here")
    require((), (), "here")
