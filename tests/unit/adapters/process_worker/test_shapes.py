from __future__ import annotations

from typing import Any, get_args

import pytest

from mlgitops.adapters.process_worker import shapes
from mlgitops.ports import Job

EXPECTATION = {
    "type": "expect_column_values_to_be_between", "column": "age", "severity": "critical",
    "status": "failed", "evaluated_rows": 9, "unexpected_rows": 1, "reason": "1 of 9 rows fail",
    "rows": [{"id": 7, "region": None, "at": "2026-01-01", "share": 0.5, "new": True}],
}  # fmt: skip
WITHOUT_COLUMN = {name: value for name, value in EXPECTATION.items() if name != "column"}
COLUMN = {"name": "a", "type": "int64"}
RESULTS: dict[Job, dict[str, Any]] = {
    "validate": {"results": [EXPECTATION, WITHOUT_COLUMN]},
    "features": {"columns": [COLUMN, COLUMN]},
    "train": {"inputs": [COLUMN], "requirements": ["pandas==2.2.3"], "files": ["mine.py"]},
    "predict": {"rows": 0},
    "measure": {"rows": 3, "files": ["money.py"]},
}
REFUSED = {"message": "boom", "hint": None, "details": "line 3"}


@pytest.mark.parametrize("job", get_args(Job))
def test_every_job_may_give_its_result_be_refused_or_fail(job: Job):
    for answer in ({"result": RESULTS[job]}, {"refused": REFUSED}, {"bug": "Traceback"}):
        assert shapes.is_answer(job, answer)


@pytest.mark.parametrize("job", get_args(Job))
@pytest.mark.parametrize(
    "answer",
    [
        None, [], "result", {}, {"result": None}, {"result": 5}, {"result": {}}, {"bug": 1},
        {"refused": "x"}, {"refused": {}}, {"refused": {**REFUSED, "message": 1}},
        {"refused": {**REFUSED, "hint": []}}, {"refused": {**REFUSED, "more": "x"}},
        {"bug": "x", "refused": REFUSED},
    ],
)  # fmt: skip
def test_anything_else_is_no_answer(job: Job, answer: Any):
    assert not shapes.is_answer(job, answer)


@pytest.mark.parametrize(
    ("job", "change"),
    [
        ("validate", {"results": {}}),
        ("validate", {"results": [None]}),
        ("validate", {"results": [{**EXPECTATION, "status": "fine"}]}),
        ("validate", {"results": [{**EXPECTATION, "status": []}]}),
        ("validate", {"results": [{**EXPECTATION, "column": 1}]}),
        ("validate", {"results": [{**EXPECTATION, "rows": [{"id": {}}]}]}),
        ("validate", {"results": [{**EXPECTATION, "rows": {"id": 1}}]}),
        ("validate", {"results": [{**EXPECTATION, "evaluated_rows": -1}]}),
        ("features", {"columns": [{"name": "a"}]}),
        ("features", {"columns": ["a"]}),
        ("features", {"more": 1}),
        ("train", {"files": None}),
        ("train", {"files": "mine.py"}),
        ("train", {"files": [1]}),
        ("train", {"inputs": [{**COLUMN, "type": 1}]}),
        ("predict", {"rows": True}),
        ("predict", {"rows": 1.0}),
        ("predict", {"rows": 10**400}),
        ("predict", {"milliseconds": 1.0}),
        ("predict", {"milliseconds": [1]}),
        ("predict", {"milliseconds": [-1.0]}),
        ("measure", {"rows": -1}),
        ("measure", {"files": [None]}),
    ],
)
def test_a_result_is_checked_in_all_its_parts(job: Job, change: dict[str, Any]):
    assert not shapes.is_answer(job, {"result": RESULTS[job] | change})


def test_times_may_be_there_or_not():
    assert shapes.is_answer("predict", {"result": {"rows": 1, "milliseconds": [0.0, 1.5]}})


@pytest.mark.parametrize("job", get_args(Job))
def test_no_part_of_a_result_may_be_missing(job: Job):
    for name in RESULTS[job]:
        rest = {key: value for key, value in RESULTS[job].items() if key != name}
        assert not shapes.is_answer(job, {"result": rest})
