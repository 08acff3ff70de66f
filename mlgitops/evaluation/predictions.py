"""What a model predicted on some rows, checked before any number is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mlgitops.evaluation.arrays import Column, Floats, Mask
from mlgitops.model.errors import SpecError
from mlgitops.model.estimates import Direction
from mlgitops.model.pipeline import Task

_SUM_TOLERANCE = 1e-3
"""Wide enough for probabilities that were computed in 32 or 16 bits."""

_NOT_FINITE_HINT = "look for missing or overflowing features, and let the model impute them"
_PROBABILITY_HINT = "the model must return probabilities, not scores or margins"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a function of the user's gave for each row, (n,) and finite; the metric is the mean."""

    values: Floats
    direction: Direction

    def take(self, rows: Column) -> Measured:
        """The rows that a mask or an index array selects."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predictions of one model, one row each, in the order of the truth.

    *scores* are (n,) probabilities of the positive class, (n, k) probabilities
    of *classes*, or (n,) predicted numbers. *classes* is empty unless multiclass.
    *measured* has the metrics of the user's own functions, by name.
    """

    task: Task
    scores: Floats
    classes: tuple[str, ...] = ()
    measured: Mapping[str, Measured] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.scores.shape[0])

    def take(self, rows: Column) -> Predictions:
        """The same model on the rows that a mask or an index array selects."""
        measured = {name: kept.take(rows) for name, kept in self.measured.items()}
        return replace(self, scores=self.scores[rows], measured=measured)

    def aligned_to(self, classes: Sequence[str]) -> Predictions:
        """Columns in the order of *classes*, then those that only this model knows.

        A class that the model has never seen has probability 0. So codes from
        `labels.encode` fit a champion that was trained on other classes.
        """
        extra = [name for name in self.classes if name not in set(classes)]
        names = (*classes, *extra)
        scores = np.zeros((len(self), len(names)))
        for column, name in enumerate(names):
            if name in self.classes:
                scores[:, column] = self.scores[:, self.classes.index(name)]
        return replace(self, scores=scores, classes=names)


def checked(
    task: Task, scores: Column, *, rows: int, classes: Sequence[str] = (), name: str = "model"
) -> Predictions:
    """Predictions for *rows* rows by the user's model that messages call *name*.

    *scores* is shaped as in `Predictions`.

    Raises:
        SpecError: another number of rows or classes than asked for, NaN or an
            infinity, a probability outside 0..1, or classes that do not sum to 1.
            The model is the user's, so what it returns is what the user wrote.
    """
    shape = (rows, len(classes)) if task == "multiclass-classification" else (rows,)
    if scores.shape != shape:
        raise SpecError(
            f"the {name} made predictions of shape {scores.shape} where {shape} was due",
            hint="return one prediction for each row, in the order of the rows",
        )
    numbers = _numbers(scores, name)
    _refuse(~np.isfinite(numbers), name, "NaN or an infinity", _NOT_FINITE_HINT)
    if task != "regression":
        outside = (numbers < 0) | (numbers > 1)
        _refuse(outside, name, "a probability outside 0..1", _PROBABILITY_HINT)
    if task == "multiclass-classification":
        unequal = np.abs(numbers.sum(axis=1) - 1) > _SUM_TOLERANCE
        _refuse(unequal, name, "probabilities that do not sum to 1", _PROBABILITY_HINT)
    return Predictions(task, numbers, tuple(classes))


def _numbers(scores: Column, name: str) -> Floats:
    try:
        return scores.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise SpecError(
            f"the {name} predicted something that is not a number: {error}",
            hint="return numbers from predict, or probabilities from predict_proba",
        ) from error


def _refuse(bad: Mask, name: str, what: str, hint: str) -> None:
    """Stop if any row has a flag in *bad*, which is shaped like the scores."""
    rows = bad.any(axis=tuple(range(1, bad.ndim)))
    count = int(np.count_nonzero(rows))
    if count:
        first = int(np.argmax(rows)) + 1
        raise SpecError(
            f"the {name} predicted {what} in {count} of {rows.size} rows, first in row {first}",
            hint=hint,
        )
