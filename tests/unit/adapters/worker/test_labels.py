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
def test_a_binary_label_is_one_where_it_is_positive(tmp_path: Path, values: Any, positive: Any):
    y = read(tmp_path, values, "binary-classification", positive)

    assert y.dtype == "int64"
    assert list(y) == [1, 0, 1]


def test_more_than_two_values_are_positive_against_the_rest(tmp_path: Path):
    assert list(read(tmp_path, ["a", "b", "c"], "binary-classification", "b")) == [0, 1, 0]


def test_a_positive_value_that_never_occurs_is_refused_with_those_that_do(tmp_path: Path):
    with pytest.raises(SpecError, match="1 in no training row; it holds 'no', 'yes'"):
        read(tmp_path, ["no", "yes"], "binary-classification")
    with pytest.raises(SpecError, match="in every training row"):
        read(tmp_path, [1, 1], "binary-classification")


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


def test_one_class_is_not_multiclass(tmp_path: Path):
    with pytest.raises(SpecError, match="one value only"):
        read(tmp_path, ["a", "a"], "multiclass-classification")


def test_regression_labels_are_finite_floats(tmp_path: Path):
    assert read(tmp_path, [1, 2], "regression").dtype == "float64"
    with pytest.raises(SpecError, match="must hold numbers"):
        read(tmp_path, ["a", "b"], "regression")
    with pytest.raises(SpecError, match="infinite"):
        read(tmp_path, [1.0, float("inf")], "regression")
