"""Bootstrap draws of the metrics for whose spread there is no formula here.

The draws are those of the set of rows, whatever their order; of clusters in the order
of their codes. Method and sources: docs/statistics.md.
"""

from __future__ import annotations

import numpy as np

from mlgitops.evaluation import clusters as grouped
from mlgitops.evaluation.arrays import Column, Floats, Integers
from mlgitops.evaluation.formulas import (
    count_statistic,
    decisions,
    kinds_of_rows,
    row_statistic,
)
from mlgitops.evaluation.predictions import Predictions
from mlgitops.evaluation.resampling import draws, draws_of_counts
from mlgitops.evaluation.samples import Sample

_OF_ROWS = ("rmse", "r2")


def of_one(metric: str, sample: Sample, predictions: Predictions) -> Floats:
    """*metric* of each resample.

    Raises:
        Undefined: there are fewer than two clusters.
    """
    truth = sample.truth
    if sample.clusters is not None:
        return _of_clusters(metric, truth, predictions, sample.clusters)
    if metric in _OF_ROWS:
        order = np.lexsort((truth, -predictions.scores))
        return draws(truth.size, row_statistic(metric, truth[order], predictions.take(order)))
    (kinds, decided), counts = kinds_of_rows((truth, decisions(predictions)))
    return draws_of_counts(counts, count_statistic(metric, kinds, decided))


def of_difference(metric: str, sample: Sample, first: Predictions, second: Predictions) -> Floats:
    """*metric* of the first minus that of the second, of resamples that both of them see.

    Raises:
        Undefined: there are fewer than two clusters.
    """
    truth = sample.truth
    if sample.clusters is not None:
        ours = _of_clusters(metric, truth, first, sample.clusters)
        return ours - _of_clusters(metric, truth, second, sample.clusters)
    if metric in _OF_ROWS:
        order = np.lexsort((truth, -second.scores, -first.scores))
        left, right = (
            row_statistic(metric, truth[order], model.take(order)) for model in (first, second)
        )
        return draws(truth.size, lambda weights: left(weights) - right(weights))
    columns = (truth, decisions(first), decisions(second))
    (kinds, of_first, of_second), counts = kinds_of_rows(columns)
    left = count_statistic(metric, kinds, of_first)
    right = count_statistic(metric, kinds, of_second)
    return draws_of_counts(counts, lambda weights: left(weights) - right(weights))


def _of_clusters(
    metric: str, truth: Column, predictions: Predictions, clusters: Integers
) -> Floats:
    count = grouped.count(clusters, truth.size)
    if metric in _OF_ROWS:
        return draws(count, row_statistic(metric, truth, predictions, clusters))
    return draws(count, count_statistic(metric, truth, decisions(predictions), clusters))
