from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model.dataset import Source
from mlgitops.model.errors import SpecError
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.steps import extract
from tests.fakes.laboratory import Laboratory


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory.create(tmp_path)


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context(until="extract")


def test_the_table_and_what_was_read_are_kept(context: RunContext) -> None:
    facts = context.json("extract", "extraction")
    (source,) = facts["sources"]

    assert facts["rows"] == source["rows"] == 500
    assert source["name"] == "customers"
    assert source["digest"] == extract.inputs(context)["source customers"]
    assert facts["window"] is None
    assert facts["columns"] == context.neighbours.tables.schema(context.path("extract", "table"))


def test_sources_shape_and_sample_are_inputs(context: RunContext) -> None:
    before = extract.inputs(context)

    assert set(before) == {"spec sources", "sample", "source customers"}
    assert before["sample"] == "0"
    context.sample = 5
    assert extract.inputs(context)["sample"] == "5"
    context.dataset = replace(context.dataset, keys=())
    assert extract.inputs(context)["spec sources"] != before["spec sources"]


def test_expectations_and_split_are_not_its_inputs(context: RunContext) -> None:
    before = extract.inputs(context)
    context.dataset = replace(
        context.dataset, expectations=(), split=replace(context.dataset.split, seed=1)
    )

    assert extract.inputs(context) == before


def test_the_rows_of_a_query_cannot_be_told(context: RunContext) -> None:
    query = Source("customers", "sql", "select 1", "sqlite:///shop.db")
    context.dataset = replace(context.dataset, sources=(query,))

    assert extract.inputs(context)["source customers"] is None


def test_a_source_that_is_gone_ends_the_run(laboratory: Laboratory) -> None:
    (laboratory.root / "data" / "customers.csv").unlink()

    result = laboratory.run()

    assert isinstance(result.error, SpecError)
    assert [(step.name, step.status) for step in result.record.steps] == [("extract", "failed")]


def test_a_column_that_is_not_there_ends_the_run_before_any_work(
    laboratory: Laboratory,
) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "[visits, spent", "[visit, spent")

    for _again in range(2):
        result = laboratory.run()

        assert isinstance(result.error, SpecError)
        assert "no column 'visit'" in result.error.message
        assert [(step.name, step.status) for step in result.record.steps] == [("extract", "failed")]
    assert laboratory.worker.is_untouched


def test_a_window_without_rows_ends_the_run(laboratory: Laboratory) -> None:
    laboratory.edit(
        "mlops/datasets/customers.yaml",
        "split: {strategy: stratified, holdout: 0.4}",
        "time: day\n  window: {from: 2020-01-01, to: 2020-02-01}\n  split: {holdout: 0.4}",
    )

    result = laboratory.run()

    assert isinstance(result.error, SpecError)
    assert "window" in result.error.message
