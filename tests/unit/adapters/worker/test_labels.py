from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.worker import labels
from mlgitops.model.errors import SpecError


def read(tmp_path: Path, values: Any, task: str, positive: Any = 1) -> pd.Series:
    pd.DataFrame({"y": values}).to_parquet(tmp_path / "t")
    return labels.read(
        {"table": str(tmp_path / "t"), "label": "y", "task": task, "positive": positive}
    )


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        (["yes", "no", "yes"], "yes"),
        ([1, 0, 1], 1),
        ([True, False, True], 1),
        ([True, False, True], True),
        ([2.0, 0.0, 2.0], 2),
        (pd.Categorical(["yes", "no", "yes"]), "yes"),
        (["c", "a", "c"], "c"),
    ],
)
def test_a_binary_label_keeps_its_own_values(tmp_path: Path, values: Any, positive: Any):
    y = read(tmp_path, values, "binary-classification", positive)

    assert list(y) == list(values)
    assert y.dtype.name in {"object", "int64", "float64", "bool"}


def test_more_than_two_values_are_not_binary(tmp_path: Path):
    with pytest.raises(SpecError, match="binary task holds 3 values: 'a', 'b', 'c'"):
        read(tmp_path, ["a", "b", "c"], "binary-classification", "b")


def test_a_positive_value_that_never_occurs_is_refused_with_those_that_do(tmp_path: Path):
    with pytest.raises(SpecError, match="1 in no training row; it holds 'no', 'yes'"):
        read(tmp_path, ["no", "yes"], "binary-classification")
    with pytest.raises(SpecError, match="'1' in no training row; it holds 0, 1"):
        read(tmp_path, [0, 1], "binary-classification", "1")


@pytest.mark.parametrize(
    "task", ["binary-classification", "multiclass-classification", "regression"]
)
def test_a_missing_label_is_refused(tmp_path: Path, task: str):
    with pytest.raises(SpecError, match="missing in 1 of 3 training rows"):
        read(tmp_path, [1.0, None, 2.0], task)


def test_multiclass_labels_stay_as_they_are(tmp_path: Path):
    y = read(tmp_path, ["b", "a", "c"], "multiclass-classification")

    assert y.dtype == object
    assert list(y) == ["b", "a", "c"]
    assert list(read(tmp_path, [3, 1], "multiclass-classification")) == [3, 1]


@pytest.mark.parametrize("task", ["binary-classification", "multiclass-classification"])
def test_one_class_cannot_be_told_from_another(tmp_path: Path, task: str):
    with pytest.raises(SpecError, match="one value only"):
        read(tmp_path, ["a", "a"], task, "a")


def test_regression_labels_are_finite_floats(tmp_path: Path):
    assert read(tmp_path, [1, 2], "regression").dtype == "float64"
    with pytest.raises(SpecError, match="must hold numbers"):
        read(tmp_path, ["a", "b"], "regression")
    with pytest.raises(SpecError, match="infinite"):
        read(tmp_path, [1.0, float("inf")], "regression")
