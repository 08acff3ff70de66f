from __future__ import annotations

import pytest

from mlgitops.model.expressions import Compared, Side, Steps
from mlgitops.model.policy import Parameter
from mlgitops.spec.comparisons import Known, mismatches

NUMBER, TEXT, NULL = Side(kind="number"), Side(kind="text"), Side(kind="null")
VARIABLES: dict[str, Steps | None] = {"it": ("metrics", "*"), "sum": None}
PARAMETERS = {
    "min": Parameter("min", "number", None),
    "metric": Parameter("metric", "string", None),
    "names": Parameter("names", "list", None),
}


def at(path: str) -> Side:
    return Side(tuple(path.split(".")), at=0)


def told(left: Side, operator: str, right: Side) -> list[tuple[str, str]]:
    found = mismatches((Compared(left, operator, right),), Known(PARAMETERS, VARIABLES))
    return [(one.message, one.hint) for one in found]


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_a_record_is_held_against_no_number(operator: str) -> None:
    for sides in ((at("metrics.roc_auc"), NUMBER), (NUMBER, at("metrics.roc_auc"))):
        [(message, hint)] = told(sides[0], operator, sides[1])

        assert message == "metrics.roc_auc is a record of value, low, high, n, …"
        assert hint == "compare one of them, such as `metrics.roc_auc.low`"


@pytest.mark.parametrize(
    ("left", "operator", "right", "message"),
    [
        (at("metrics.f1.low"), ">=", TEXT, "metrics.f1.low: `>=` compares a number with text"),
        (at("metrics.f1.low"), ">=", NULL, "metrics.f1.low: `>=` compares a number with null"),
        (at("params.metric"), "==", NUMBER, "params.metric: `==` compares text with a number"),
        (at("slices"), ">", NUMBER, "slices is a list, which is compared with nothing as a whole"),
        (at("slices"), ">", at("slices"), "slices is a list, which is compared with nothing as a whole"),
        (at("metrics"), ">", NUMBER, "metrics is a map, which is compared with nothing as a whole"),
        (at("params.names"), "<", NUMBER, "params.names is a list, which is compared with nothing as a whole"),
        (at("variables.it"), ">=", at("params.min"), "metrics[] is a record of value, low, high, n, …"),
        (at("metrics.f1"), ">=", at("variables.sum"), "metrics.f1 is a record of value, low, high, n, …"),
        (at("noise.metrics.f1"), ">=", Side(), "noise.metrics.f1 is a record of values, mean, sd"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(left: Side, operator: str, right: Side, message: str) -> None:
    [(found, hint)] = told(left, operator, right)

    assert found == message
    assert hint


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        (at("metrics.f1.low"), ">=", at("params.min")),
        (at("champion"), "!=", NULL),
        (at("metrics.f1"), "==", at("champion.metrics.f1")),
        (at("slices"), "==", Side()),
        (at("ext.own"), ">=", NUMBER),
        (at("context.soak_hours"), ">=", NUMBER),
        (at("params.unknown"), ">=", TEXT),
        (at("variables.sum"), ">=", TEXT),
        (at("metrics.f1.lower"), ">=", TEXT),  # told elsewhere
        (at("subject.candidate"), "==", TEXT),
        (Side(), "<", Side()),
    ],
)
def test_what_may_be_compared(left: Side, operator: str, right: Side) -> None:
    assert told(left, operator, right) == []


def test_a_number_in_quotes_is_to_be_written_without() -> None:
    [(_, quoted)] = told(at("metrics.f1.low"), ">=", TEXT)
    [(_, given)] = told(at("metrics.f1.low"), ">=", at("params.metric"))

    assert quoted == "write a number without quotes"
    assert given == "compare what is of one kind"
