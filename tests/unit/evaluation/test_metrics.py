from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics  # noqa: TID253 - the reference
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # noqa: TID253 - the reference

from mlgitops.evaluation.metrics import Undefined, estimate, point
from mlgitops.evaluation.predictions import Measured, Predictions
from mlgitops.model.metrics import METRICS, metrics_for

BINARY, MULTICLASS, REGRESSION = (
    "binary-classification",
    "multiclass-classification",
    "regression",
)
EVERY = [
    (task, metric) for task in (BINARY, MULTICLASS, REGRESSION) for metric in metrics_for(task)
]


def sample(task, rows=400, seed=0):
    """Truth and a middling model's predictions, with ties."""
    generator = np.random.default_rng(seed)
    if task == MULTICLASS:
        weights = generator.random((rows, 3)) ** 2
        scores = weights / weights.sum(axis=1, keepdims=True)
        truth = np.array([generator.choice(3, p=row) for row in scores])
        return truth, Predictions(task, scores, ("a", "b", "c"))
    scores = np.round(generator.beta(2, 3, rows), 2)
    if task == BINARY:
        return (generator.random(rows) < scores).astype(np.int64), Predictions(task, scores)
    return scores + generator.normal(0, 0.2, rows), Predictions(task, scores)


def reference(metric, truth, predictions):
    scores = predictions.scores
    decided = scores.argmax(axis=1) if scores.ndim == 2 else scores >= 0.5
    known = sklearn.metrics
    return {
        "roc_auc": lambda: known.roc_auc_score(truth, scores),
        "average_precision": lambda: known.average_precision_score(truth, scores),
        "log_loss": lambda: known.log_loss(truth, scores),
        "brier": lambda: known.brier_score_loss(truth, scores),
        "accuracy": lambda: known.accuracy_score(truth, decided),
        "f1": lambda: known.f1_score(truth, decided),
        "precision": lambda: known.precision_score(truth, decided),
        "recall": lambda: known.recall_score(truth, decided),
        "f1_macro": lambda: known.f1_score(truth, decided, average="macro"),
        "mae": lambda: known.mean_absolute_error(truth, scores),
        "rmse": lambda: known.root_mean_squared_error(truth, scores),
        "r2": lambda: known.r2_score(truth, scores),
    }[metric]()


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_values_are_scikit_learns(task, metric):
    truth, predictions = sample(task)

    found = estimate(metric, truth, predictions, 0.95)

    assert found["value"] == pytest.approx(reference(metric, truth, predictions), abs=1e-12)
    assert found["value"] == point(metric, truth, predictions)
    assert found["low"] < found["value"] < found["high"]
    assert found["n"] == 400
    assert found["direction"] == METRICS[metric].direction


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_an_estimate_does_not_depend_on_the_order_of_rows(task, metric):
    truth, predictions = sample(task)
    order = np.random.default_rng(1).permutation(truth.size)

    first = estimate(metric, truth, predictions, 0.9)
    second = estimate(metric, truth[order], predictions.take(order), 0.9)

    assert second["method"] == first["method"]
    for number in ("value", "low", "high"):
        assert second[number] == pytest.approx(first[number], rel=1e-9)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_more_confidence_is_a_wider_interval_and_the_same_call_the_same_numbers(task, metric):
    truth, predictions = sample(task)

    narrow, wide = (estimate(metric, truth, predictions, level) for level in (0.8, 0.99))

    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]
    assert wide == estimate(metric, truth, predictions, 0.99)


def test_auc_of_hanley_and_mcneils_ratings_is_the_published_one():
    # 109 CT images rated 1..5, Hanley & McNeil (1982), table 1. The Stata manual, [R] roctab,
    # gives area 0.8932, DeLong standard error 0.0307, normal interval 0.83295..0.95339.
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    rating = np.repeat(np.tile(np.arange(1, 6), 2), normal + abnormal)
    truth = np.repeat([0, 1], [sum(normal), sum(abnormal)])
    model = Predictions(BINARY, rating / 5)

    found = estimate("roc_auc", truth, model, 0.95)
    slope = found["value"] * (1 - found["value"])
    reach = np.log(found["high"] / (1 - found["high"])) - np.log(
        found["value"] / (1 - found["value"])
    )

    assert found["value"] == pytest.approx(0.8932, abs=5e-5)
    assert reach * slope == pytest.approx((0.95339 - 0.83295) / 2, abs=1e-5)
    assert reach * slope / 1.959964 == pytest.approx(0.0307, abs=5e-5)


def covers(metric, draw, truth_value, repetitions=300, confidence=0.95):
    inside = 0
    for seed in range(repetitions):
        truth, predictions = draw(np.random.default_rng(seed))
        found = estimate(metric, truth, predictions, confidence)
        inside += found["low"] <= truth_value <= found["high"]
    return inside / repetitions


def ranked(generator):
    """AUC of two normal scores one standard deviation apart: Phi(1 / sqrt 2) = 0.7602."""
    truth = (generator.random(200) < 0.3).astype(np.int64)
    raw = generator.normal(size=200) + truth
    return truth, Predictions(BINARY, 1 / (1 + np.exp(-raw)))


def uniform(generator):
    """A calibrated model: scores uniform, labels drawn with them."""
    scores = generator.random(200)
    return (generator.random(200) < scores).astype(np.int64), Predictions(BINARY, scores)


def regressed(generator):
    predicted = generator.normal(size=200)
    return predicted + generator.normal(0, 0.5, 200), Predictions(REGRESSION, predicted)


@pytest.mark.parametrize(
    ("metric", "draw", "expected"),
    [
        ("roc_auc", ranked, 0.7602499),
        ("average_precision", uniform, 5 / 6),
        ("brier", uniform, 1 / 6),
        ("log_loss", uniform, 0.5),
        ("accuracy", uniform, 0.75),
        ("precision", uniform, 0.75),
        ("recall", uniform, 0.75),
        ("f1", uniform, 0.75),
    ],
)
def test_intervals_cover_what_they_promise(metric, draw, expected):
    # 300 repetitions at 95 %: 92..98 % is three standard errors to either side, nearly.
    assert 0.92 <= covers(metric, draw, expected) <= 0.98


@pytest.mark.parametrize(
    ("metric", "draw", "expected"),
    [("rmse", regressed, 0.5), ("r2", regressed, 0.8)],
)
def test_resampled_intervals_cover_nearly_what_they_promise(metric, draw, expected):
    assert 0.90 <= covers(metric, draw, expected, repetitions=150) <= 0.99


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("label", [0, 1])
def test_ranking_one_class_is_undefined(metric, label):
    with pytest.raises(Undefined):
        estimate(metric, np.full(5, label), Predictions(BINARY, np.linspace(0, 1, 5)), 0.95)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_no_rows_are_undefined(task, metric):
    scores = np.empty((0, 3)) if task == MULTICLASS else np.empty(0)

    with pytest.raises(Undefined, match="no rows"):
        estimate(metric, np.empty(0, np.int64), Predictions(task, scores), 0.95)


@pytest.mark.parametrize(
    ("metric", "truth", "scores"),
    [
        ("precision", [0, 1, 1], [0.1, 0.2, 0.3]),
        ("recall", [0, 0, 0], [0.1, 0.2, 0.9]),
        ("f1", [0, 0, 0], [0.1, 0.2, 0.3]),
        ("log_loss", [1], [0.5]),
        ("roc_auc", [0, 1], [0.1, 0.2]),
        ("average_precision", [0, 0, 0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
    ],
)
def test_what_the_rows_do_not_determine_is_undefined(metric, truth, scores):
    with pytest.raises(Undefined):
        estimate(metric, np.array(truth), Predictions(BINARY, np.array(scores)), 0.95)


@pytest.mark.parametrize("metric", metrics_for(REGRESSION))
def test_what_overflows_is_undefined(metric):
    huge = Predictions(REGRESSION, np.array([1.7e308, -1.7e308, 1.7e308]))

    with pytest.raises(Undefined):
        estimate(metric, np.array([-1.7e308, 1.7e308, 0.0]), huge, 0.95)


def test_a_spread_that_overflows_is_undefined():
    wide = Predictions(REGRESSION, np.array([1e200, 0.0, 0.0]))

    assert point("mae", np.zeros(3), wide) > 1e199
    with pytest.raises(Undefined, match="spread"):
        estimate("mae", np.zeros(3), wide, 0.95)


def test_a_constant_truth_has_no_r2():
    with pytest.raises(Undefined):
        estimate("r2", np.full(5, 0.3), Predictions(REGRESSION, np.arange(5.0)), 0.95)


def test_perfection_on_few_rows_is_not_certain():
    truth = np.array([0, 0, 0, 1, 1, 1])
    model = Predictions(BINARY, np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9]))

    for metric in ("roc_auc", "accuracy", "precision", "recall", "f1"):
        found = estimate(metric, truth, model, 0.95)
        assert found["value"] == found["high"] == 1
        assert found["low"] < 0.7


@pytest.mark.parametrize(
    ("task", "metric"),
    [(BINARY, "brier"), (BINARY, "log_loss"), (REGRESSION, "mae"), (REGRESSION, "rmse")],
)
@pytest.mark.parametrize("rows", [4, 60])
def test_rows_that_are_all_alike_determine_no_spread(task, metric, rows):
    truth = np.ones(rows)

    with pytest.raises(Undefined, match="no spread"):
        estimate(metric, truth, Predictions(task, np.full(rows, 0.7)), 0.95)


def test_a_constant_ranks_half_of_the_pairs_right_and_many_rows_tell_so():
    few, many = np.repeat([0, 1], 10), np.repeat([0, 1], 10_000)

    unsure = estimate("roc_auc", few, Predictions(BINARY, np.full(20, 0.3)), 0.95)
    sure = estimate("roc_auc", many, Predictions(BINARY, np.full(20_000, 0.3)), 0.95)

    assert unsure["value"] == sure["value"] == 0.5
    assert unsure["low"] < 0.25
    assert unsure["high"] > 0.75
    assert 0.48 < sure["low"] < 0.5 < sure["high"] < 0.52


@pytest.mark.parametrize("clusters", [None, np.arange(9) // 2])
def test_perfect_decisions_of_several_classes_are_not_certain(clusters):
    truth = np.arange(9) % 3
    model = Predictions(MULTICLASS, np.eye(3)[truth], ("a", "b", "c"))

    found = estimate("f1_macro", truth, model, 0.95, clusters)

    assert found["value"] == found["high"] == 1
    assert found["low"] < 0.7


def test_another_tasks_metric_is_a_mistake_of_the_caller():
    truth, predictions = sample(BINARY)

    for metric in ("rmse", "f1_macro", "nonsense"):
        with pytest.raises(ValueError, match="is not a metric") as caught:
            estimate(metric, truth, predictions, 0.95)
        assert not isinstance(caught.value, Undefined)
    with pytest.raises(ValueError, match="400 predictions for 399 rows"):
        estimate("roc_auc", truth[1:], predictions, 0.95)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=4, max_size=30).filter(
        lambda rows: 2 <= sum(row[0] for row in rows) <= len(rows) - 2
    ),
    st.sampled_from(["roc_auc", "log_loss", "brier", "accuracy", "f1", "recall"]),
)
def test_the_interval_holds_the_value_and_stays_in_range(rows, metric):
    truth, scores = np.array(rows).T

    try:
        found = estimate(metric, truth.astype(np.int64), Predictions(BINARY, scores), 0.95)
    except Undefined:
        assert metric in ("log_loss", "brier")  # every row the same
        return

    assert 0 <= found["low"] <= found["value"] <= found["high"]
    assert metric == "log_loss" or found["high"] <= 1


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=4, max_size=30).filter(
        lambda rows: 2 <= sum(row[0] for row in rows) <= len(rows) - 2
    )
)
def test_swapping_positive_mirrors_the_auc(rows):
    truth, levels = np.array(rows).T

    one = estimate("roc_auc", truth, Predictions(BINARY, levels / 8), 0.95)
    swapped = estimate("roc_auc", 1 - truth, Predictions(BINARY, levels / 8), 0.95)

    assert swapped["value"] == pytest.approx(1 - one["value"])
    assert swapped["low"] == pytest.approx(1 - one["high"])
    assert swapped["high"] == pytest.approx(1 - one["low"])


def test_what_a_user_measured_is_a_mean_with_its_t_interval():
    truth, model = sample(REGRESSION)
    values = np.abs(model.scores - truth) - 5
    measured = Predictions(
        REGRESSION, model.scores, measured={"profit": Measured(values, "maximize")}
    )

    found = estimate("profit", truth, measured, 0.95)

    expected = stats.t.interval(0.95, 399, values.mean(), stats.sem(values))
    assert (found["low"], found["high"]) == pytest.approx(expected)
    assert (found["value"], found["method"], found["direction"]) == (
        pytest.approx(values.mean()),
        "t",
        "maximize",
    )
    assert point("profit", truth[:7], measured.take(slice(7))) == pytest.approx(values[:7].mean())


@pytest.mark.parametrize("metric", metrics_for(REGRESSION))
def test_a_measured_name_does_not_hide_a_metric_of_the_table(metric):
    truth, model = sample(REGRESSION)
    other = {metric: Measured(truth, "maximize")}
    measured = Predictions(REGRESSION, model.scores, measured=other)

    assert estimate(metric, truth, measured, 0.95) == estimate(metric, truth, model, 0.95)


def test_a_name_that_nothing_measured_is_a_mistake_of_the_caller():
    truth, model = sample(BINARY)

    with pytest.raises(ValueError, match="profit is not a metric for binary"):
        estimate("profit", truth, model, 0.95)


def test_only_clusters_are_recorded():
    truth, model = sample(BINARY)

    assert "clusters" not in estimate("brier", truth, model, 0.95)
    assert estimate("brier", truth, model, 0.95, np.arange(400) // 4)["clusters"] == 100
