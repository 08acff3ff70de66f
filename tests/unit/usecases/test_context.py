from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.ports import StoredOutput
from mlgitops.usecases.context import RunContext, SettledOrigin, spec_digest
from tests.fakes.laboratory import Laboratory
from tests.fakes.run_neighbours import ScriptedWorker


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


def tampered(context: RunContext) -> Path:
    """Have a job write over an output of `extract`."""
    kept = context.made["extract"].outputs["extraction"].path

    def write(_request: object) -> dict[str, Any]:
        kept.write_text('{"rows": 1000}')
        return {}

    context.neighbours = replace(
        cast("Any", context.neighbours), worker=ScriptedWorker(train=write)
    )
    context.run_job("train", {})
    return kept


def test_an_output_that_a_job_changed_is_refused(context: RunContext) -> None:
    tampered(context)

    for read in (context.path, context.json):
        with pytest.raises(SpecError, match="'extraction' of the step 'extract' was changed"):
            read("extract", "extraction")
    with pytest.raises(SpecError, match="was changed after it was made"):
        context.verify()
    assert context.path("extract", "table").is_file()


def test_a_job_that_fails_puts_outputs_in_doubt_too(context: RunContext) -> None:
    kept = context.made["extract"].outputs["extraction"].path

    def write(_request: object) -> dict[str, Any]:
        kept.write_text("{}")
        raise SpecError("broken")

    context.neighbours = replace(
        cast("Any", context.neighbours), worker=ScriptedWorker(train=write)
    )
    with pytest.raises(SpecError, match="broken"):
        context.run_job("train", {})

    with pytest.raises(SpecError, match="was changed after it was made"):
        context.json("extract", "extraction")


class CountingStore:
    """Counts how often outputs are hashed again."""

    def __init__(self) -> None:
        self.asked: list[StoredOutput] = []

    def holds(self, output: StoredOutput) -> bool:
        self.asked.append(output)
        return True


def test_outputs_are_hashed_again_only_once_after_a_job(context: RunContext) -> None:
    store = CountingStore()
    answering = ScriptedWorker(train=lambda _request: {})
    context.neighbours = replace(
        cast("Any", context.neighbours), store=cast("Any", store), worker=answering
    )

    context.path("extract", "table")
    assert store.asked == []

    context.run_job("train", {})
    for _ in range(3):
        context.path("extract", "table")
    assert store.asked == [context.made["extract"].outputs["table"]]

    context.run_job("train", {})
    context.path("extract", "table")
    assert len(store.asked) == 2


def test_a_settled_origin_says_what_was_so_then(context: RunContext) -> None:
    assert SettledOrigin.of(context.origin) == SettledOrigin(
        **{each.name: getattr(context.origin, each.name) for each in fields(SettledOrigin)}
    )
