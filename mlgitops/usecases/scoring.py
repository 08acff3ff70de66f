"""Predictions come from a worker that sees no labels; numbers are made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlgitops.evaluation import clusters, compare, labels, metrics
from mlgitops.evaluation import curves as drawn
from mlgitops.evaluation.calibration import bins
from mlgitops.evaluation.predictions import Predictions, checked
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.curves import ModelCurves
from mlgitops.model.errors import SpecError
from mlgitops.model.estimates import Comparison, Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgitops.usecases.context import RunContext


_CLASS_PREFIX = "p_"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows with known answers; *classes* name a multiclass label's codes, in order.

    *clusters* are codes of rows that are not independent; None where all are.
    """

    truth: NDArray[Any]
    classes: tuple[str, ...]
    clusters: NDArray[np.int64] | None = None

    def take(self, chosen: NDArray[np.bool_]) -> Rows:
        """The rows where *chosen* is true."""
        codes = None if self.clusters is None else self.clusters[chosen]
        return Rows(self.truth[chosen], self.classes, codes)


def answers(run: RunContext) -> tuple[Rows, Rows]:
    """The answers of train and holdout, with one set of classes for both.

    Rows of one value of `evaluate.cluster` are told apart on the holdout only.
    """
    label, tables = run.pipeline.label, run.neighbours.tables
    train, holdout = (
        tables.read(run.path("split", side), [label])[label] for side in ("train", "holdout")
    )
    truth, classes = labels.encode(
        np.concatenate([train, holdout]), run.pipeline.positive, run.pipeline.task
    )
    return (
        Rows(truth[: len(train)], classes),
        Rows(truth[len(train) :], classes, _clusters(run)),
    )


def _clusters(run: RunContext) -> NDArray[np.int64] | None:
    """Codes of the holdout's values of the cluster column, if there is one."""
    column = run.pipeline.evaluate.cluster
    if column is None:
        return None
    found = run.neighbours.tables.read(run.path("split", "holdout"), [column])
    return clusters.encode(found[column])


def predict(run: RunContext, model: Path, table: Path, rows: Rows, *, name: str) -> Predictions:
    """Score *table*, which has no label, with the model in a folder.

    Raises:
        SpecError: the model failed, or predicted something that is not a number.
    """
    tables, task = run.neighbours.tables, run.pipeline.task
    out = table.with_name(f"{name}.parquet")
    request = {
        "model": str(model), "table": str(table), "task": task,
        "positive": run.pipeline.positive, "out": str(out),
    }  # fmt: skip
    try:
        run.run_job("predict", request)
    except SpecError as error:
        message = f"the {name}: {error.message}"
        raise SpecError(message, hint=error.hint, details=error.details) from error
    wanted = {"binary-classification": "score", "regression": "prediction"}.get(task)
    if wanted is None:
        return _by_class(run, out, rows, name)
    scores = tables.read(out, [wanted])[wanted]
    return checked(task, scores, rows=len(rows.truth), name=name)


def _by_class(run: RunContext, out: Path, rows: Rows, name: str) -> Predictions:
    """A multiclass model's probabilities, in the order of the rows' classes."""
    tables = run.neighbours.tables
    there = [column["name"] for column in tables.schema(out)]
    known = [column for column in there if column.startswith(_CLASS_PREFIX)]
    if not known:
        raise SpecError(
            f"the {name} gave no probability of any class",
            hint="return one column of probabilities for each class, named by it",
        )
    columns = tables.read(out, known)
    predictions = checked(
        run.pipeline.task,
        np.column_stack([columns[column] for column in known]),
        rows=len(rows.truth),
        classes=[column.removeprefix(_CLASS_PREFIX) for column in known],
        name=name,
    )
    if not set(predictions.classes) & set(rows.classes):
        raise SpecError(
            f"the {name} knows the classes {', '.join(predictions.classes)}, "
            f"and the label has {', '.join(rows.classes)}",
            hint="fit the model on the label's own values, or name its columns by them",
        )
    return predictions.aligned_to(rows.classes)


def score_columns(name: str, predictions: Predictions) -> dict[str, NDArray[Any]]:
    """The predictions as columns of a table, each name led by *name*."""
    if predictions.classes:
        return {
            f"{name}_{label}": predictions.scores[:, place]
            for place, label in enumerate(predictions.classes)
        }
    return {name: predictions.scores}


def curves(run: RunContext, rows: Rows, predictions: Predictions) -> ModelCurves | None:
    """The curves of a binary classifier, for the report's plots."""
    if run.pipeline.task != "binary-classification":
        return None
    truth, scores = rows.truth, predictions.scores
    try:
        return ModelCurves(
            roc=tuple(drawn.roc(truth, scores)),
            precision_recall=tuple(drawn.precision_recall(truth, scores)),
            calibration=tuple(
                (bin_["mean_score"], bin_["positive_rate"]) for bin_ in bins(truth, scores)
            ),
        )
    except Undefined:
        return None


def estimates(
    names: Sequence[str], rows: Rows, predictions: Predictions, confidence: float
) -> dict[str, Estimate]:
    """Each metric that is defined on these rows."""
    found: dict[str, Estimate] = {}
    for name in names:
        try:
            found[name] = metrics.estimate(name, rows.truth, predictions, confidence, rows.clusters)
        except Undefined:
            continue
    return found


def points(names: Sequence[str], rows: Rows, predictions: Predictions) -> dict[str, float]:
    """Each metric that is defined on these rows, without an interval."""
    found: dict[str, float] = {}
    for name in names:
        try:
            found[name] = metrics.point(name, rows.truth, predictions)
        except Undefined:
            continue
    return found


def comparisons(
    names: Sequence[str],
    rows: Rows,
    candidate: Predictions,
    other: Predictions,
    confidence: float,
) -> dict[str, Comparison]:
    """Each comparison that is defined on these rows."""
    found: dict[str, Comparison] = {}
    for name in names:
        try:
            found[name] = compare.compare(
                name, rows.truth, candidate, other, confidence, rows.clusters
            )
        except Undefined:
            continue
    return found
