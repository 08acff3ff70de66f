from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest

pytestmark = pytest.mark.slow

SECRET = "s3cret-value"
ROWS = pd.DataFrame(
    {
        "id": range(100, 140),
        "number": [float(i) for i in range(38)] + [987654.25, None],
        "text": ["a", "b"] * 19 + [SECRET, None],
        "empty": [None] * 40,
        "day": pd.to_datetime("2013-01-01") + pd.to_timedelta(range(40), unit="D"),
    }
)


def check(type_: str, severity: str = "critical", /, **kwargs: Any) -> dict[str, Any]:
    return {"type": type_, "kwargs": kwargs, "severity": severity}


def validate(
    workspace: Any, *checks: dict[str, Any], frame: pd.DataFrame = ROWS, keys: Any = ("id",)
) -> list[dict[str, Any]]:
    answer = workspace.run(
        "validate", table=workspace.table("table", frame), keys=list(keys), expectations=checks
    )
    results: list[dict[str, Any]] = answer["results"]
    assert [result["type"] for result in results] == [item["type"] for item in checks]
    assert [result["severity"] for result in results] == [item["severity"] for item in checks]
    return results


def test_results_come_in_the_order_asked_with_counts(workspace: Any):
    results = validate(
        workspace,
        check("expect_column_mean_to_be_between", "info", column="id", min_value=0, max_value=1),
        check("expect_column_values_to_not_be_null", "warning", column="number"),
        check("expect_table_row_count_to_be_between", min_value=1),
        check("expect_column_values_to_be_between", column="number", max_value=50),
    )

    assert [result["status"] for result in results] == ["failed", "failed", "passed", "failed"]
    assert [result["evaluated_rows"] for result in results] == [40, 40, 40, 39]
    assert [result["unexpected_rows"] for result in results] == [0, 1, 0, 1]
    assert [result.get("column") for result in results] == ["id", "number", None, "number"]
    assert results[0]["reason"] == "observed 119.5"
    assert results[1]["reason"] == "1 of 40 rows fail (2.50%)"
    assert results[2]["reason"] == ""
    assert [result["rows"] for result in results] == [[], [{"id": 139}], [], [{"id": 138}]]


def test_values_never_leave_the_table(workspace: Any):
    results = validate(
        workspace,
        check("expect_column_values_to_be_in_set", column="text", value_set=["a", "b"]),
        check("expect_column_distinct_values_to_be_in_set", column="text", value_set=["a", "b"]),
        check("expect_column_max_to_be_between", column="number", max_value=1),
        check("expect_column_most_common_value_to_be_in_set", column="number", value_set=[-1]),
        check("expect_column_median_to_be_between", column="number", max_value=1),
        check("expect_column_values_to_match_regex", column="text", regex="^[ab]$"),
        check("expect_column_values_to_be_unique", column="text"),
        check("expect_column_values_to_be_between", column="text", min_value=0),
        check("expect_column_pair_values_to_be_equal", column_A="text", column_B="number"),
        check("expect_compound_columns_to_be_unique", column_list=["text", "empty"]),
    )

    text = json.dumps(results)
    assert SECRET not in text
    assert "987654" not in text
    assert "passed" not in {result["status"] for result in results}
    assert results[0]["rows"] == [{"id": 138}]


def test_failing_rows_are_at_most_twenty(workspace: Any):
    result = validate(
        workspace, check("expect_column_values_to_be_between", column="number", min_value=1e9)
    )[0]

    assert result["unexpected_rows"] == 39
    assert result["rows"] == [{"id": number} for number in range(100, 120)]


def test_rows_without_keys_are_named_by_number(workspace: Any):
    item = check("expect_column_values_to_not_be_null", column="text")

    assert validate(workspace, item, keys=())[0]["rows"] == [{"row": 39}]
    assert validate(workspace, item, keys=("gone",))[0]["rows"] == [{"row": 39}]


def test_keys_are_plain_json_whatever_their_type(workspace: Any):
    frame = ROWS.assign(exact=pd.array([*range(38), None, 7], dtype="Int64"), half=[0.5] * 40)
    result = validate(
        workspace,
        check("expect_column_values_to_be_between", column="number", max_value=50),
        frame=frame,
        keys=("day", "exact", "half", "text"),
    )[0]

    assert result["rows"] == [
        {"day": "2013-02-08T00:00:00", "exact": None, "half": 0.5, "text": SECRET}
    ]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (
            check("expect_column_values_to_be_betwen", column="number"),
            "did you mean expect_column_values_to_be_between",
        ),
        (check("nonsense"), "Great Expectations has no 'nonsense'"),
        (
            check("expect_column_values_to_be_between", column="number", min_valu=3),
            "has no argument 'min_valu'; did you mean 'min_value'?",
        ),
        (
            check("expect_column_values_to_be_between", column="number"),
            "min_value and max_value cannot both be None",
        ),
        (check("expect_column_values_to_not_be_null"), "column: field required"),
        (
            check("expect_column_values_to_not_be_null", column="number", mostly=3),
            "its arguments are wrong: mostly",
        ),
        (
            check("expect_column_values_to_not_be_null", column="numbr"),
            "no column 'numbr'; did you mean 'number'?",
        ),
        (
            check("expect_column_values_to_be_between", column="empty", min_value=0),
            "column 'empty' has no values to check",
        ),
        (
            check("expect_column_mean_to_be_between", column="empty", min_value=0),
            "column 'empty' has no values to check",
        ),
        (
            check("expect_column_values_to_be_between", column="text", min_value=0),
            "Great Expectations raised TypeError",
        ),
        (
            check("expect_column_values_to_not_be_null", column="number", result_format="COMPLETE"),
            "has no argument 'result_format'",
        ),
        (
            check("expect_column_values_to_not_be_null", column="number", catch_exceptions=False),
            "has no argument 'catch_exceptions'",
        ),
        (
            check(
                "expect_column_values_to_be_between",
                column="number",
                min_value=0,
                row_condition="id > 5000",
                condition_parser="pandas",
            ),
            "no row was left to check",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_an_error(workspace: Any, item: dict[str, Any], reason: str):
    fine = check("expect_table_row_count_to_be_between", min_value=1)
    before, result, after = validate(workspace, fine, item, fine)

    assert result["status"] == "error"
    assert reason in result["reason"]
    assert result["evaluated_rows"] == 0
    assert before["status"] == after["status"] == "passed"


def test_a_table_without_rows_passes_no_check_of_values(workspace: Any):
    results = validate(
        workspace,
        check("expect_column_values_to_not_be_null", column="number"),
        check("expect_column_values_to_be_null", column="number"),
        check("expect_column_unique_value_count_to_be_between", column="text", max_value=3),
        check("expect_compound_columns_to_be_unique", column_list=["id", "text"]),
        check("expect_column_to_exist", column="id"),
        check("expect_table_row_count_to_be_between", min_value=1),
        check("expect_table_row_count_to_be_between", max_value=1),
        frame=ROWS.head(0),
    )

    assert [result["status"] for result in results] == [
        *["error"] * 4,
        "passed",
        "failed",
        "passed",
    ]
    assert {result["reason"] for result in results[:4]} == {"the table has no rows to check"}


def test_checks_of_missing_values_may_find_nothing_else(workspace: Any):
    results = validate(
        workspace,
        check("expect_column_values_to_be_null", column="empty"),
        check("expect_column_values_to_not_be_null", column="empty"),
        check(
            "expect_column_proportion_of_non_null_values_to_be_between",
            column="empty",
            min_value=0.5,
        ),
    )
    assert [result["status"] for result in results] == ["passed", "failed", "failed"]
    assert results[2]["reason"] == "observed 0"


def test_equal_checks_are_each_answered(workspace: Any):
    item = check("expect_column_values_to_be_between", column="number", max_value=50)
    same = check("expect_column_values_to_be_between", "warning", column="number", max_value=50.0)

    results = validate(workspace, item, same, item)
    assert [result["status"] for result in results] == ["failed"] * 3
    assert results[0]["rows"] == results[1]["rows"] == [{"id": 138}]


def test_mostly_lets_some_rows_fail_and_still_counts_them(workspace: Any):
    results = validate(
        workspace,
        check("expect_column_values_to_not_be_null", column="number", mostly=0.9),
        check("expect_column_values_to_not_be_null", column="number", mostly=0.99),
    )
    assert [result["status"] for result in results] == ["passed", "failed"]
    assert [result["unexpected_rows"] for result in results] == [1, 1]
    assert results[1]["reason"] == "1 of 40 rows fail (2.50%), 99.00% must pass"


def test_a_mean_of_few_rows_is_not_shown(workspace: Any):
    result = validate(
        workspace,
        check("expect_column_mean_to_be_between", column="number", max_value=0),
        frame=ROWS.iloc[[38]],
    )[0]

    assert result["status"] == "failed"
    assert result["reason"] == "what was observed is not as expected"


def test_no_expectations_give_no_results(workspace: Any):
    assert validate(workspace) == []


def test_every_check_that_great_expectations_offers_is_known(workspace: Any):
    """Each is recognised: what is missing are arguments, never the check itself."""
    names = [
        "expect_column_values_to_be_between",
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_multicolumn_sum_to_equal",
        "expect_column_kl_divergence_to_be_less_than",
        "expect_table_columns_to_match_set",
        "unexpected_rows_expectation",
    ]
    results = validate(workspace, *[check(name) for name in names])

    assert not [result for result in results if "Great Expectations has no" in result["reason"]]


def test_numbers_may_come_from_any_integer_or_float_column(workspace: Any):
    frame = pd.DataFrame({"x": np.arange(5, dtype="int8"), "y": np.ones(5, dtype="float32")})
    results = validate(
        workspace,
        check("expect_column_values_to_be_between", column="x", max_value=3),
        check("expect_column_sum_to_be_between", column="y", min_value=4),
        frame=frame,
        keys=("x",),
    )
    assert results[0]["rows"] == [{"x": 4}]
    assert results[1]["status"] == "passed"
