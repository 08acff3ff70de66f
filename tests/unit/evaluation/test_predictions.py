from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation.predictions import Predictions, checked
from mlgitops.model.errors import SpecError

BINARY, MULTICLASS, REGRESSION = (
    "binary-classification",
    "multiclass-classification",
    "regression",
)


@pytest.mark.parametrize(
    ("task", "scores", "classes"),
    [
        (BINARY, np.array([0.0, 0.5, 1.0]), ()),
        (BINARY, np.array([0, 1, 1]), ()),
        (MULTICLASS, np.array([[0.2, 0.8], [1.0, 0.0], [0.3001, 0.7]]), ("a", "b")),
        (REGRESSION, np.array([-3.0, 0.0, 1e9]), ()),
    ],
)
def test_sound_predictions_pass_unchanged(task, scores, classes):
    predictions = checked(task, scores, rows=3, classes=classes)

    assert predictions.scores.dtype == np.float64
    assert np.array_equal(predictions.scores, scores)
    assert predictions.classes == classes
    assert len(predictions) == 3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("task", [BINARY, REGRESSION])
def test_nan_is_refused_with_count_and_first_row(task, bad):
    scores = np.array([0.5, bad, 0.5, bad])

    with pytest.raises(
        SpecError, match=r"NaN or an infinity in 2 of 4 rows, first in row 2"
    ) as caught:
        checked(task, scores, rows=4, name="candidate")

    assert caught.value.message.startswith("the candidate predicted")
    assert caught.value.hint


@settings(deadline=None)
@given(st.integers(1, 50).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))))
def test_nan_is_refused_wherever_it_stands(place):
    rows, row = place
    scores = np.full(rows, 0.5)
    scores[row] = np.nan

    with pytest.raises(SpecError, match=f"first in row {row + 1}$"):
        checked(BINARY, scores, rows=rows)


@pytest.mark.parametrize("bad", [-0.001, 1.001, -5.0])
def test_what_is_not_a_probability_is_refused(bad):
    with pytest.raises(SpecError, match=r"outside 0\.\.1 in 1 of 2 rows, first in row 2"):
        checked(BINARY, np.array([0.5, bad]), rows=2)


def test_classes_must_sum_to_one():
    scores = np.array([[0.5, 0.5], [0.5, 0.4], [0.9, 0.9]])

    with pytest.raises(SpecError, match="do not sum to 1 in 2 of 3 rows, first in row 2"):
        checked(MULTICLASS, scores, rows=3, classes=("a", "b"))


@pytest.mark.parametrize(
    ("task", "scores", "classes"),
    [
        (BINARY, np.full(3, 0.5), ()),
        (BINARY, np.full((2, 2), 0.5), ()),
        (MULTICLASS, np.full((2, 2), 0.5), ("a", "b", "c")),
    ],
)
def test_another_shape_is_refused(task, scores, classes):
    with pytest.raises(SpecError, match="of shape"):
        checked(task, scores, rows=2, classes=classes)


def test_text_is_refused():
    with pytest.raises(SpecError, match="not a number"):
        checked(REGRESSION, np.array(["1", "late"], object), rows=2)


def test_no_rows_are_no_fault_of_the_model():
    assert len(checked(BINARY, np.array([]), rows=0)) == 0


def test_take_keeps_task_and_classes():
    predictions = checked(MULTICLASS, np.eye(3), rows=3, classes=("a", "b", "c"))

    part = predictions.take(np.array([True, False, True]))

    assert part.scores.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert (part.task, part.classes) == (predictions.task, predictions.classes)


def test_alignment_reorders_adds_and_keeps_classes():
    predictions = Predictions(MULTICLASS, np.array([[0.1, 0.2, 0.7]]), ("z", "b", "a"))

    aligned = predictions.aligned_to(("a", "b", "new"))

    assert aligned.classes == ("a", "b", "new", "z")
    assert aligned.scores.tolist() == [[0.7, 0.2, 0.0, 0.1]]
