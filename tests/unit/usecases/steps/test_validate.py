from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.dataset import Expectation
from mlgitops.model.errors import GateFailed, SpecError
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.steps import validate
from tests.fakes.laboratory import Laboratory, keep
from tests.fakes.run_neighbours import CountingWorker, ScriptedWorker

NOT_NULL = "expect_column_values_to_not_be_null"


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory.create(tmp_path / "laboratory")


@pytest.fixture
def context(laboratory: Laboratory) -> RunContext:
    return laboratory.context(until="extract")


def result(status: str = "passed", severity: str = "critical", **more: Any) -> Any:
    return {
        "type": NOT_NULL, "severity": severity, "status": status, "evaluated_rows": 500,
        "unexpected_rows": 0, "rows": [], "reason": "3 of 500 values are null", **more,
    }  # fmt: skip


def asked(context: RunContext) -> list[tuple[str, Any, str]]:
    """What the worker is asked to check."""
    requests: list[Any] = []

    def answer(request: Any) -> dict[str, Any]:
        requests.append(request)
        return {"results": [result(type=one["type"]) for one in request["expectations"]]}

    scripted = CountingWorker(ScriptedWorker(validate=answer))
    context.neighbours = replace(context.neighbours, worker=scripted)  # type: ignore[type-var]
    with context.neighbours.store.workspace() as folder:
        validate.make(context, folder)
    (request,) = requests
    assert request["table"] == str(context.path("extract", "table"))
    assert request["keys"] == list(context.dataset.keys)
    return [(one["type"], one["kwargs"], one["severity"]) for one in request["expectations"]]


def test_keys_and_label_are_expected_to_be_whole(context: RunContext) -> None:
    assert asked(context) == [
        (NOT_NULL, {"column": "customer"}, "critical"),
        (NOT_NULL, {"column": "left"}, "critical"),
        ("expect_column_values_to_be_unique", {"column": "customer"}, "critical"),
        (NOT_NULL, {"column": "visits"}, "critical"),
    ]


def test_several_keys_are_unique_together_and_time_is_whole(context: RunContext) -> None:
    context.dataset = replace(
        context.dataset, keys=("customer", "day"), time="day", expectations=()
    )

    assert asked(context) == [
        (NOT_NULL, {"column": "customer"}, "critical"),
        (NOT_NULL, {"column": "day"}, "critical"),
        (NOT_NULL, {"column": "left"}, "critical"),
        (
            "expect_compound_columns_to_be_unique",
            {"column_list": ["customer", "day"]},
            "critical",
        ),
    ]


def test_there_is_always_a_check(context: RunContext) -> None:
    context.dataset = replace(context.dataset, keys=(), time=None, expectations=())

    assert asked(context) == [(NOT_NULL, {"column": "left"}, "critical")]


def test_table_expectations_and_keys_are_inputs(context: RunContext) -> None:
    before = validate.inputs(context)

    assert set(before) == {"extract table", "spec expectations", "spec keys"}
    context.dataset = replace(context.dataset, expectations=())
    assert validate.inputs(context)["spec expectations"] != before["spec expectations"]


@pytest.mark.parametrize(
    "results", [[], [result()] * 3, [result(type="expect_something_else")] * 4, [result()] * 5]
)
def test_fewer_or_other_results_than_asked_never_pass(
    context: RunContext, results: list[Any], tmp_path: Path
) -> None:
    scripted = ScriptedWorker(validate=lambda _request: {"results": results})
    context.neighbours = replace(context.neighbours, worker=scripted)  # type: ignore[type-var]

    with pytest.raises(SpecError, match=f"4 expectations were asked and {len(results)} came back"):
        validate.make(context, tmp_path)


def test_results_are_counted() -> None:
    found = validate.count(
        [
            result(),
            result("failed"),
            result("failed", "warning"),
            result("failed", "info"),
            result("error"),
        ]
    )

    assert {key: value for key, value in found.items() if key != "results"} == {
        "asked": 5,
        "evaluated": 4,
        "passed": 1,
        "failed_critical": 1,
        "failed_warning": 2,
    }
    assert len(found["results"]) == 5


def accept(context: RunContext, *results: Any) -> None:
    keep(context, "validate", validation=validate.count(results))
    validate.accept(context)


def test_passed_checks_and_failed_warnings_let_the_run_go_on(context: RunContext) -> None:
    accept(context, result(), result("failed", "warning"), result("failed", "info"))


def test_a_failed_critical_check_stops_before_training(context: RunContext) -> None:
    rows = [{"customer": number} for number in range(7)]

    with pytest.raises(GateFailed) as caught:
        accept(context, result(), result("failed", column="visits", rows=rows))

    assert caught.value.message == (
        "the data of 'customers' fails 1 critical expectation:\n"
        f"  {NOT_NULL} on visits: 3 of 500 values are null "
        "(rows customer=0; customer=1; customer=2; customer=3; customer=4 …)"
    )


def test_a_check_that_could_not_be_evaluated_is_the_user_s_to_correct(
    context: RunContext,
) -> None:
    with pytest.raises(SpecError) as caught:
        accept(context, result("failed"), result("error", "info", reason="no such type"))

    assert caught.value.message == "1 of 2 expectations could not be evaluated"
    assert caught.value.details == f"  {NOT_NULL}: no such type"
    assert caught.value.hint == "correct them in mlops/datasets/customers.yaml"


@pytest.mark.slow
def test_great_expectations_is_really_asked(laboratory: Laboratory, lab_worker: Any) -> None:
    laboratory.worker = CountingWorker(lab_worker)
    laboratory.edit(
        "mlops/datasets/customers.yaml",
        "kwargs: {column: visits}}",
        "kwargs: {column: visits}}\n    - {type: expect_column_values_to_be_between, "
        "kwargs: {column: visits, min_value: 5}, severity: warning}",
    )

    validation = laboratory.context(until="validate").json("validate", "validation")

    assert validation["asked"] == validation["evaluated"] == 5
    assert validation["failed_warning"] == 1
    assert validation["results"][-1]["unexpected_rows"] > 0
    assert set(validation["results"][-1]["rows"][0]) == {"customer"}


def test_expectations_have_digests_whatever_their_arguments(context: RunContext) -> None:
    odd = Expectation("expect_x", {"value_set": ["a", 1, None, 0.5, {"b": [True]}]}, "info")
    context.dataset = replace(context.dataset, expectations=(odd,))

    assert validate.inputs(context)["spec expectations"]
