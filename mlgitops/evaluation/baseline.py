"""The dummy that a first model must beat."""

from __future__ import annotations

import numpy as np

from mlgitops.evaluation.arrays import Column
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.pipeline import Task


def prior(train_truth: Column, n: int, task: Task, classes: tuple[str, ...] = ()) -> Predictions:
    """Predict the training labels' prior for each of *n* rows, whatever they hold.

    Binary: the share of positives. Multiclass: the shares of *classes*, which
    `labels.encode` gave with the codes. Regression: the mean.

    Raises:
        Undefined: there are no training rows.
    """
    if not train_truth.size:
        raise Undefined("the prior of no rows")
    if task == "multiclass-classification":
        counts = np.bincount(train_truth, minlength=len(classes))
        return Predictions(task, np.tile(counts / train_truth.size, (n, 1)), classes)
    return Predictions(task, np.full(n, float(train_truth.mean())))
