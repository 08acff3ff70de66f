"""The `validate` job: Great Expectations, held to saying what it did.

Left alone it drops checks that it does not know, evaluates equal checks once,
passes every check of values on a table without rows, answers in its own order,
and puts raw values into results. So each check is built here by hand, a check of
nothing is an error, results are matched by a number of ours, and rows are named
by their keys, which are looked up in the table by row number.
"""

from __future__ import annotations

import difflib
import inspect
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any, Literal

import great_expectations as gx  # noqa: TID253 - this module runs in a child process only
import great_expectations.expectations as gxe  # noqa: TID253 - runs in a child process only
import pandas as pd  # noqa: TID253 - this module runs in a child process only
import pyarrow as pa  # noqa: TID253 - this module runs in a child process only
from great_expectations.expectations.expectation import (  # noqa: TID253 - runs in a child process only
    BatchExpectation,
    ColumnAggregateExpectation,
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    Expectation,
    MulticolumnMapExpectation,
)

from mlgitops.adapters.worker import frames
from mlgitops.model.evidence import ExpectationResult

_SHOWN_ROWS = 20
_EXCEPTION = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)
_NUMBER = "mlgitops"
_ABOUT_VALUES = (
    ColumnMapExpectation,
    ColumnAggregateExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
)
_ABOUT_MISSING_VALUES = frozenset(
    {
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_null",
        "expect_column_proportion_of_non_null_values_to_be_between",
    }
)
_COLUMN_ARGUMENTS = ("column", "column_A", "column_B")
# Ours to decide: they would change what is evaluated or how it is reported.
_RESERVED = frozenset(
    {"id", "meta", "severity", "result_format", "catch_exceptions", "batch_id", "windows"}
)
# Observed values that are counts or shares, not some row's value ...
_COUNTS = frozenset(
    {
        "expect_table_row_count_to_be_between",
        "expect_table_row_count_to_equal",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_column_unique_value_count_to_be_between",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_column_proportion_of_non_null_values_to_be_between",
    }
)
# ... and those that many rows make together.
_MOMENTS = frozenset(
    {
        "expect_column_mean_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_sum_to_be_between",
    }
)
_FEWEST_ROWS_FOR_MOMENTS = 20


def validate(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a `validate` request."""
    table = frames.read(Path(request["table"]))
    frame = table.to_pandas(ignore_metadata=True)
    asked: Sequence[Mapping[str, Any]] = request["expectations"]
    built = [_built(item, frame) for item in asked]
    outcomes = _evaluate([check for check in built if isinstance(check, Expectation)], frame)
    keys = table.select([key for key in request["keys"] if key in table.column_names])
    results = []
    for item, check in zip(asked, built, strict=True):
        if isinstance(check, str):
            results.append(_result(item, "error", reason=check))
        elif (outcome := outcomes.get(_identity(check))) is None:
            results.append(_result(item, "error", reason="Great Expectations did not evaluate it"))
        else:
            results.append(_judged(item, check, outcome, keys))
    return {"results": results}


def _built(item: Mapping[str, Any], frame: pd.DataFrame) -> Expectation | str:
    """The check, or the reason why it cannot be evaluated on *frame*."""
    kinds = _kinds()
    kind = kinds.get(item["type"])
    if kind is None:
        near = difflib.get_close_matches(item["type"], kinds, n=2)
        advice = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"Great Expectations has no {item['type']!r}{advice}"
    arguments: Mapping[str, Any] = item["kwargs"]
    allowed = [name for name in kind.__fields__ if name not in _RESERVED]
    for name in arguments:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, n=1)
            advice = f"; did you mean {near[0]!r}?" if near else ""
            return f"{item['type']} has no argument {name!r}{advice}"
    try:
        check = kind(**arguments)
    except (TypeError, ValueError) as error:
        return f"its arguments are wrong: {_argument_errors(error)}"
    return _nothing_to_check(check, arguments, frame) or check


def _nothing_to_check(
    check: Expectation, arguments: Mapping[str, Any], frame: pd.DataFrame
) -> str | None:
    if not isinstance(check, _ABOUT_VALUES):
        return None
    columns = [arguments[name] for name in _COLUMN_ARGUMENTS if name in arguments]
    columns += arguments.get("column_list", ())
    for column in columns:
        if column not in frame.columns:
            near = difflib.get_close_matches(str(column), [str(c) for c in frame.columns], n=1)
            advice = f"; did you mean {near[0]!r}?" if near else ""
            return f"the table has no column {column!r}{advice}"
    if frame.empty:
        return "the table has no rows to check"
    if check.expectation_type not in _ABOUT_MISSING_VALUES:
        for column in columns:
            if frame[column].isna().all():
                return f"column {column!r} has no values to check: all are missing"
    return None


def _evaluate(checks: Sequence[Expectation], frame: pd.DataFrame) -> dict[str, Any]:
    """Outcome by identity of each check that was evaluated."""
    distinct = {_identity(check): check for check in checks}
    if not distinct:
        return {}
    for number, check in enumerate(distinct.values()):
        check.meta = {_NUMBER: number}
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("table").add_dataframe_asset("table")
    batch = asset.add_batch_definition_whole_dataframe("table").get_batch({"dataframe": frame})
    validated = batch.validate(
        gx.ExpectationSuite(name="table", expectations=list(distinct.values())),
        # Row numbers of failures only; a key column named here would bring values along.
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": _SHOWN_ROWS},
    )
    by_number = {outcome.expectation_config.meta[_NUMBER]: outcome for outcome in validated.results}
    return {
        identity: by_number[number]
        for number, identity in enumerate(distinct)
        if number in by_number
    }


def _judged(
    item: Mapping[str, Any], check: Expectation, outcome: Any, keys: pa.Table
) -> ExpectationResult:
    raised = _raised(outcome.exception_info)
    if raised is not None:
        # The exception's text may quote a value.
        return _result(item, "error", reason=f"Great Expectations raised {raised}")
    found = outcome.result
    is_per_row = "element_count" in found
    evaluated = keys.num_rows
    if is_per_row:
        evaluated = found["element_count"] - found.get("missing_count", 0)
    if isinstance(check, _ABOUT_VALUES) and evaluated == 0:
        return _result(item, "error", reason="no row was left to check")
    result = _result(
        item,
        "passed" if outcome.success else "failed",
        reason="" if outcome.success else _reason(check, found, evaluated),
    )
    result["evaluated_rows"] = evaluated
    if is_per_row:
        result["unexpected_rows"] = found["unexpected_count"]
        result["rows"] = _named(found.get("partial_unexpected_index_list") or (), keys)
    return result


def _reason(check: Expectation, found: Mapping[str, Any], evaluated: int) -> str:
    if "element_count" in found:
        count = found["unexpected_count"]
        reason = f"{count} of {evaluated} rows fail ({count / evaluated:.2%})"
        mostly = getattr(check, "mostly", 1)
        return f"{reason}, {mostly:.2%} must pass" if mostly != 1 else reason
    observed = found.get("observed_value")
    kind = check.expectation_type
    is_shown = kind in _COUNTS or (kind in _MOMENTS and evaluated >= _FEWEST_ROWS_FOR_MOMENTS)
    if is_shown and isinstance(observed, int | float):
        return f"observed {observed:.6g}"
    return "what was observed is not as expected"


def _result(
    item: Mapping[str, Any], status: Literal["passed", "failed", "error"], *, reason: str
) -> ExpectationResult:
    result = ExpectationResult(
        type=item["type"],
        severity=item["severity"],
        status=status,
        evaluated_rows=0,
        unexpected_rows=0,
        rows=[],
        reason=reason,
    )
    if isinstance(item["kwargs"].get("column"), str):
        result["column"] = item["kwargs"]["column"]
    return result


def _named(numbers: Sequence[int], keys: pa.Table) -> list[dict[str, Any]]:
    """The keys of the rows with these *numbers*; without keys, the numbers."""
    shown = [int(number) for number in numbers[:_SHOWN_ROWS]]
    if not keys.column_names:
        return [{"row": number} for number in shown]
    rows = keys.take(pa.array(shown, pa.int64())).to_pylist()
    return [{name: _as_json(value) for name, value in row.items()} for row in rows]


def _as_json(value: Any) -> Any:
    if isinstance(value, date | time):  # datetime is a date
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _raised(information: Mapping[str, Any]) -> str | None:
    """Class name of the exception, None when there was none.

    Great Expectations gives one entry, or one for each of its metrics.
    """
    entries = (
        [information]
        if "raised_exception" in information
        else [entry for entry in information.values() if isinstance(entry, Mapping)]
    )
    for entry in entries:
        if entry.get("raised_exception"):
            names = _EXCEPTION.findall(entry["exception_traceback"] or "")
            return str(names[0]) if names else "an exception"
    return None


def _argument_errors(error: Exception) -> str:
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    messages = []
    for problem in errors():
        place = ".".join(str(part) for part in problem["loc"] if part != "__root__")
        messages.append(f"{place}: {problem['msg']}" if place else str(problem["msg"]))
    return "; ".join(dict.fromkeys(messages))


def _identity(check: Expectation) -> str:
    """Equal for two checks that Great Expectations would take for one."""
    configuration = check.configuration
    return repr((configuration.type, sorted(configuration.kwargs.items())))


@cache
def _kinds() -> dict[str, type[Expectation]]:
    """Every check by the name that a spec calls it."""
    classes: list[Any] = [kind for kind in vars(gxe).values() if inspect.isclass(kind)]
    return {kind.expectation_type: kind for kind in classes if issubclass(kind, BatchExpectation)}
