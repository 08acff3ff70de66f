from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.usecases.context import RunContext, spec_digest
from tests.fakes.laboratory import Laboratory


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return Laboratory.create(tmp_path).context(until="extract")


def test_what_a_step_made_is_found_by_name(context: RunContext) -> None:
    kept = context.made["extract"].outputs["extraction"]

    assert context.path("extract", "extraction") == kept.path
    assert context.digest("extract", "extraction") == kept.digest
    assert context.json("extract", "extraction")["rows"] == 500


def test_the_environments_come_in_the_order_of_the_chain(context: RunContext) -> None:
    assert [environment.name for environment in context.environments] == ["staging", "production"]


def test_a_block_is_named_by_what_it_says(context: RunContext) -> None:
    pipeline = context.pipeline

    assert spec_digest(pipeline) == spec_digest(replace(pipeline))
    assert spec_digest(pipeline) != spec_digest(replace(pipeline, label="orders"))
