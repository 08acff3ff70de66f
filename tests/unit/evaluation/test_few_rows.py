"""No interval of a handful of rows is without width: rows that are alike are no certainty."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from mlgitops.evaluation import fairness
from mlgitops.evaluation.calibration import calibration
from mlgitops.evaluation.compare import EQUAL, compare
from mlgitops.evaluation.metrics import estimate
from mlgitops.evaluation.predictions import Measured, Predictions
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.metrics import metrics_for

LEAST_WIDTH = 1e-6
TRUTHS = {
    "all positive": lambda rows: np.ones(rows, np.int64),
    "none positive": lambda rows: np.zeros(rows, np.int64),
    "every other": lambda rows: np.arange(rows) % 2,
    "one positive": lambda rows: (np.arange(rows) == 0).astype(np.int64),
}
SCORES = {
    "constant": lambda truth: np.full(truth.size, 0.7),
    "right": lambda truth: np.where(truth == 1, 0.9, 0.1),
    "wrong": lambda truth: np.where(truth == 1, 0.1, 0.9),
    "certain and right": lambda truth: truth.astype(np.float64),
    "certain and wrong": lambda truth: 1.0 - truth,
    "rising": lambda truth: np.linspace(0.1, 0.9, truth.size),
    "nearly equal": lambda truth: np.linspace(0.95, 0.99, truth.size),
}
CLUSTERS = {
    "independent": lambda _: None,
    "a cluster each": np.arange,
    "pairs": lambda rows: np.arange(rows) // 2,
    "halves": lambda rows: np.arange(rows) % 2,
}
# From how many rows on each number is defined: rows alone, and rows that are each a cluster.
# Classes alternate and no score is like another, so that nothing else keeps it from being so.
BINARY = {
    "accuracy": (1, 2),
    "average_precision": (4, 4),
    "brier": (3, 3),
    "cost": (2, 2),
    "ece": (3, 3),
    "f1": (2, 3),
    "log_loss": (3, 3),
    "precision": (2, 3),
    "recall": (2, 4),
    "roc_auc": (4, 4),
}
COMPARED = {
    "accuracy": (1, 2),
    "average_precision": (10, 10),
    "brier": (3, 3),
    "cost": (2, 2),
    "f1": (4, 2),
    "log_loss": (3, 3),
    "precision": (7, 2),
    "recall": (2, 4),
    "roc_auc": (10, 10),
}
NUMBERS = {"mae": (2, 2), "r2": (6, 6), "rmse": (3, 3)}
SEVERAL = {"accuracy": (1, 2), "f1_macro": (4, 3)}
RATES = {"accuracy", "false_positive_rate", "precision", "selection_rate", "true_positive_rate"}
every_sample = pytest.mark.parametrize("rows", range(1, 11))
every_truth = pytest.mark.parametrize("truths", TRUTHS)
every_cluster = pytest.mark.parametrize("kind", CLUSTERS)
rows_alone_or_clustered = pytest.mark.parametrize("kind", ["independent", "a cluster each"])


def defined(least, rows, kind):
    """The names in *least* that so many rows determine."""
    index = 0 if kind == "independent" else 1
    return {name for name, numbers in least.items() if rows >= numbers[index]}


@every_sample
@rows_alone_or_clustered
def test_metrics_are_defined_from_so_many_rows_on(rows, kind):
    clusters = CLUSTERS[kind](rows)
    classes, truth, thirds = np.arange(rows) % 2, np.arange(rows) % 3 * 1000.0, np.arange(rows) % 3
    model = binary(classes, "rising")
    numbers = Predictions("regression", truth + np.linspace(0, 9, rows))
    several = Predictions("multiclass-classification", np.eye(3)[thirds], ("a", "b", "c"))

    found = {name for name, _ in widths_of_one(classes, model, clusters)}
    with suppress(Undefined):
        calibration(classes, model.scores, 0.95, clusters)
        found.add("ece")

    assert found == defined(BINARY, rows, kind)
    assert dict(widths_of_one(truth, numbers, clusters)).keys() == defined(NUMBERS, rows, kind)
    assert dict(widths_of_one(thirds, several, clusters)).keys() == defined(SEVERAL, rows, kind)


@every_sample
@rows_alone_or_clustered
def test_comparisons_are_defined_from_so_many_rows_on(rows, kind):
    truth, clusters = np.arange(rows) % 2, CLUSTERS[kind](rows)
    ours, theirs = binary(truth, "rising"), binary(truth, "wrong")

    found = set()
    for name in (*metrics_for(ours.task), "cost"):
        with suppress(Undefined):
            compare(name, truth, ours, theirs, 0.95, clusters)
            found.add(name)

    assert found == defined(COMPARED, rows, kind)


@rows_alone_or_clustered
def test_ten_rows_of_two_groups_have_every_rate_and_gap(kind):
    truth, clusters, is_even = np.arange(10) % 2, CLUSTERS[kind](10), np.arange(10) // 2 % 2 == 0
    model = binary(truth, "rising")

    found = fairness.compare({"even": is_even, "odd": ~is_even}, truth, model, 0.95, clusters)

    assert {group: set(rates) for group, rates in found.rates.items()} == {
        "even": RATES,
        "odd": RATES,
    }
    assert found.gaps.keys() == RATES
    assert all("ratio" in gap for gap in found.gaps.values())


def widths_of_one(truth, model, clusters):
    """Width of the interval of each metric that is defined."""
    names = (*metrics_for(model.task), *model.measured)
    for name in names:
        with suppress(Undefined):
            found = estimate(name, truth, model, 0.95, clusters)
            assert found["low"] <= found["value"] <= found["high"]
            yield name, found["high"] - found["low"]


def binary(truth, scores):
    predicted = SCORES[scores](truth)
    return Predictions(
        "binary-classification", predicted, (), {"cost": Measured(predicted - truth, "minimize")}
    )


@every_sample
@every_truth
@every_cluster
def test_metrics_and_calibration_of_two_classes(rows, truths, kind):
    truth, clusters = TRUTHS[truths](rows), CLUSTERS[kind](rows)
    for scores in SCORES:
        model = binary(truth, scores)
        widths = dict(widths_of_one(truth, model, clusters))
        with suppress(Undefined):
            ece = calibration(truth, model.scores, 0.95, clusters)["ece"]
            assert 0 <= ece["low"] <= ece["value"] <= ece["high"] <= 1
            widths["ece"] = ece["high"] - ece["low"]

        assert [name for name, width in widths.items() if width < LEAST_WIDTH] == []


@every_sample
@every_truth
@every_cluster
def test_rates_of_groups_and_gaps_between_them(rows, truths, kind):
    truth, clusters = TRUTHS[truths](rows), CLUSTERS[kind](rows)
    is_even = np.arange(rows) % 2 == 0
    for scores in SCORES:
        model = binary(truth, scores)
        found = fairness.compare({"even": is_even, "odd": ~is_even}, truth, model, 0.95, clusters)
        estimates = [one for rates in found.rates.values() for one in rates.values()]
        for gap in found.gaps.values():
            estimates += [gap["difference"], *([gap["ratio"]] if "ratio" in gap else [])]

        assert [one for one in estimates if one["high"] - one["low"] < LEAST_WIDTH] == []


@pytest.mark.parametrize("rows", [2, 5, 10])
@every_truth
@every_cluster
def test_comparisons_of_unequal_models(rows, truths, kind):
    truth, clusters = TRUTHS[truths](rows), CLUSTERS[kind](rows)
    for scores in SCORES:
        for others in SCORES:
            ours, theirs = binary(truth, scores), binary(truth, others)
            for name in (*metrics_for(ours.task), "cost"):
                with suppress(Undefined):
                    found = compare(name, truth, ours, theirs, 0.95, clusters)
                    is_wide = found["high"] - found["low"] >= LEAST_WIDTH
                    assert is_wide or found["method"] == EQUAL


@every_sample
@pytest.mark.parametrize("errors", ["none", "constant", "rising"])
@every_cluster
def test_metrics_of_numbers(rows, errors, kind):
    truth, clusters = np.arange(rows) % 3 * 1000.0, CLUSTERS[kind](rows)
    missed = {"none": 0.0, "constant": 5.0, "rising": np.linspace(0, 9, rows)}[errors]
    widths = dict(widths_of_one(truth, Predictions("regression", truth + missed), clusters))

    assert [name for name, width in widths.items() if width < LEAST_WIDTH] == []


@every_sample
@pytest.mark.parametrize("shift", [0, 1])
@every_cluster
def test_metrics_of_several_classes(rows, shift, kind):
    truth, clusters = np.arange(rows) % 3, CLUSTERS[kind](rows)
    sure = np.eye(3)[(truth + shift) % 3]
    model = Predictions("multiclass-classification", sure, ("a", "b", "c"))
    widths = dict(widths_of_one(truth, model, clusters))

    assert [name for name, width in widths.items() if width < LEAST_WIDTH] == []
