from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.run import (
    STEPS,
    Because,
    InputChange,
    RunRecord,
    Status,
    StepRecord,
    changed_inputs,
)

TEXTS = st.text(max_size=4)
INPUTS = st.dictionaries(TEXTS, TEXTS, max_size=4)
STEP_RECORDS = st.builds(
    StepRecord,
    name=st.sampled_from(STEPS),
    status=st.sampled_from(get_args(Status)),
    because=st.sampled_from(get_args(Because)),
    changes=st.lists(
        st.builds(InputChange, TEXTS, st.none() | TEXTS, st.none() | TEXTS), max_size=3
    ).map(tuple),
    key=TEXTS,
    inputs=INPUTS,
    outputs=INPUTS,
    seconds=st.floats(0, 1e6),
    failure=st.none() | TEXTS,
)
RECORDS = st.builds(
    RunRecord,
    model=TEXTS,
    started=TEXTS,
    commit=TEXTS,
    sample=st.integers(0, 9),
    steps=st.lists(STEP_RECORDS, max_size=3).map(tuple),
    known=st.dictionaries(TEXTS, INPUTS, max_size=3),
)


def step(name: str, **fields: Any) -> StepRecord:
    defaults: dict[str, Any] = {
        "status": "ran", "because": "first", "changes": (), "key": "sha256:k",
        "inputs": {"a": "1"}, "outputs": {}, "seconds": 1.0,
    }  # fmt: skip
    return StepRecord(name, **{**defaults, **fields})


EMPTY = RunRecord("churn", "2026-11-22T12:00:00+00:00", "c0ffee", 0, (), {"train": {"a": "0"}})


@given(RECORDS)
def test_a_record_survives_json(record: RunRecord) -> None:
    assert RunRecord.parse(json.loads(json.dumps(record.document()))) == record


@pytest.mark.parametrize(
    "document", [{}, {"steps": None}, {"steps": [{}]}, {"steps": [], "more": 1}, {"steps": []}]
)
def test_another_document_is_no_record(document: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        RunRecord.parse(document)


def test_a_record_without_failures_is_read_as_one_of_an_older_version() -> None:
    document = EMPTY.with_step(step("train")).document()
    del document["steps"][0]["failure"]

    assert RunRecord.parse(document).steps == (step("train"),)


def test_a_step_whose_outputs_are_refused_has_them_all_the_same() -> None:
    refused = step("validate", outputs={"validation": "sha256:v"}).failed("the data are wrong")

    assert (refused.status, refused.failure) == ("failed", "the data are wrong")
    assert EMPTY.with_step(refused).known["validate"] == {"a": "1"}
    assert refused.is_new
    assert not step("validate", because="unchanged", outputs={"validation": "v"}).is_new


def test_a_step_is_found_by_name() -> None:
    record = EMPTY.with_step(step("extract")).with_step(step("validate"))

    assert record.step("validate") == step("validate")
    assert record.step("train") is None


@pytest.mark.parametrize("status", ["ran", "cached"])
def test_the_inputs_of_a_step_with_outputs_are_known(status: str) -> None:
    record = EMPTY.with_step(step("train", status=status))

    assert record.known == {"train": {"a": "1"}}


def test_a_failed_step_leaves_what_is_known() -> None:
    record = EMPTY.with_step(step("train", status="failed"))

    assert record.known == EMPTY.known
    assert [found.name for found in record.steps] == ["train"]


@given(INPUTS, INPUTS)
def test_the_changes_lead_from_before_to_after(
    before: dict[str, str], after: dict[str, str]
) -> None:
    changes = changed_inputs(before, after)
    now = dict(before)
    for change in changes:
        assert now.get(change.name) == change.before != change.after
        now.pop(change.name, None)
        if change.after is not None:
            now[change.name] = change.after

    assert now == after
    assert [change.name for change in changes] == sorted({change.name for change in changes})


def test_an_input_that_came_or_went_has_a_side_without_value() -> None:
    assert changed_inputs({"gone": "1", "same": "2"}, {"new": "3", "same": "2"}) == (
        InputChange("gone", "1", None),
        InputChange("new", None, "3"),
    )
