from __future__ import annotations

import numpy as np
import pytest

from mlgitops.evaluation.compare import compare
from mlgitops.evaluation.metrics import estimate, point
from mlgitops.evaluation.predictions import Measured, Predictions
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.metrics import metrics_for

BINARY, MULTICLASS, REGRESSION = (
    "binary-classification",
    "multiclass-classification",
    "regression",
)
EVERY = [
    (task, metric) for task in (BINARY, MULTICLASS, REGRESSION) for metric in metrics_for(task)
]
OWN = "profit"


def repeated(task, clusters=120, seed=0, noise=(0.5, 0.8)):
    """Rows of clusters, one to nine of each, that share their difficulty and their errors."""
    draw = np.random.default_rng(seed)
    codes = np.repeat(np.arange(clusters), draw.integers(1, 10, clusters))
    shared, own = draw.normal(size=(clusters, 3)), draw.normal(size=(codes.size, 3))
    signal = 0.8 * shared[codes] + 0.6 * own
    errors = [
        spread * (0.9 * draw.normal(size=(clusters, 3))[codes] + 0.4 * draw.normal(size=own.shape))
        for spread in noise
    ]
    if task == MULTICLASS:
        truth = signal.argmax(axis=1)
        shown = [np.exp(signal + error) for error in errors]
        models = [weights / weights.sum(axis=1, keepdims=True) for weights in shown]
        return truth, codes, *(Predictions(task, one, ("a", "b", "c")) for one in models)
    shown = [signal[:, 0] + error[:, 0] for error in errors]
    if task == REGRESSION:
        return signal[:, 0], codes, *(Predictions(task, one) for one in shown)
    truth = (signal[:, 0] + draw.normal(0, 0.3, codes.size) > 0.3).astype(np.int64)
    return truth, codes, *(Predictions(task, 1 / (1 + np.exp(-one))) for one in shown)


def brute(metric, truth, codes, models, repetitions=400):
    """Standard errors by drawing whole clusters with replacement: of the first model, of both."""
    draw = np.random.default_rng(9)
    rows_of = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    found = []
    for _ in range(repetitions):
        chosen = draw.integers(0, len(rows_of), len(rows_of))
        rows = np.concatenate([rows_of[code] for code in chosen])
        found.append([point(metric, truth[rows], model.take(rows)) for model in models])
    values = np.array(found)
    return values[:, 0].std(ddof=1), (values[:, 0] - values[:, 1]).std(ddof=1)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_the_spread_is_that_of_a_brute_force_cluster_bootstrap(task, metric):
    truth, codes, first, second = repeated(task)
    of_one, of_both = brute(metric, truth, codes, (first, second))

    alone = estimate(metric, truth, first, 0.95, codes)
    together = compare(metric, truth, first, second, 0.95, codes)

    assert (alone["high"] - alone["low"]) / (2 * 1.98) == pytest.approx(of_one, rel=0.15)
    assert together["se"] == pytest.approx(of_both, rel=0.15)
    assert alone["clusters"] == together["clusters"] == 120
    assert "cluster" in alone["method"]
    assert "cluster" in together["method"]


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_rows_that_stand_three_times_are_no_more_certain(task, metric):
    truth, _, first, second = repeated(task)
    rows = np.tile(np.arange(truth.size), 3)
    codes = np.tile(np.arange(truth.size), 3)

    once = compare(metric, truth, first, second, 0.95)
    thrice = compare(metric, truth[rows], first.take(rows), second.take(rows), 0.95, codes)
    fooled = compare(metric, truth[rows], first.take(rows), second.take(rows), 0.95)

    assert thrice["delta"] == pytest.approx(once["delta"])
    assert thrice["se"] == pytest.approx(once["se"], rel=0.08)
    assert fooled["se"] < 0.75 * thrice["se"]


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_clusters_of_one_row_are_independent_rows(task, metric):
    truth, _, first, second = repeated(task)
    codes = np.arange(truth.size)

    alone, clustered = (estimate(metric, truth, first, 0.95, one) for one in (None, codes))
    both, paired = (compare(metric, truth, first, second, 0.95, one) for one in (None, codes))

    assert clustered["high"] - clustered["low"] == pytest.approx(
        alone["high"] - alone["low"], rel=0.08
    )
    assert paired["se"] == pytest.approx(both["se"], rel=0.08)
    assert clustered["value"] == alone["value"]


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_what_clusters_are_called_does_not_matter(task, metric):
    truth, codes, first, second = repeated(task, clusters=40)

    for renamed in (codes + 7, codes * 1000):
        assert estimate(metric, truth, first, 0.9, renamed) == estimate(
            metric, truth, first, 0.9, codes
        )
        assert compare(metric, truth, first, second, 0.9, renamed) == compare(
            metric, truth, first, second, 0.9, codes
        )


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_the_order_of_rows_does_not_matter(task, metric):
    truth, codes, first, second = repeated(task, clusters=40)
    order = np.random.default_rng(1).permutation(truth.size)

    there = compare(metric, truth, first, second, 0.95, codes)
    back = compare(metric, truth[order], first.take(order), second.take(order), 0.95, codes[order])

    for number in ("delta", "low", "high", "se"):
        assert back[number] == pytest.approx(there[number], abs=1e-9)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_swapping_the_models_flips_the_signs(task, metric):
    truth, codes, first, second = repeated(task, clusters=40)

    there = compare(metric, truth, first, second, 0.9, codes)
    back = compare(metric, truth, second, first, 0.9, codes)

    assert (back["delta"], back["low"], back["high"], back["se"]) == pytest.approx(
        (-there["delta"], -there["high"], -there["low"], there["se"]), abs=1e-12
    )


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_one_cluster_determines_no_spread(task, metric):
    truth, codes, first, second = repeated(task, clusters=40)

    with pytest.raises(Undefined):
        estimate(metric, truth, first, 0.95, np.zeros_like(codes))
    with pytest.raises(Undefined):
        compare(metric, truth, first, second, 0.95, np.zeros_like(codes))


@pytest.mark.parametrize("metric", ["accuracy", "recall"])
def test_models_that_never_disagree_are_not_proven_equal(metric):
    truth, codes, first, _ = repeated(BINARY, clusters=10)
    near = Predictions(BINARY, np.where(first.scores >= 0.5, 0.9, 0.1))

    found = compare(metric, truth, first, near, 0.95, codes)

    assert found["low"] < found["delta"] == 0 < found["high"]
    assert found["se"] > 0


@pytest.mark.parametrize("metric", ["accuracy", "precision", "recall", "f1"])
def test_a_share_of_everything_rests_on_clusters(metric):
    codes = np.repeat(np.arange(5), 100)
    truth = np.tile([0, 1], 250)
    right = Predictions(BINARY, np.where(truth == 1, 0.9, 0.1))

    found = estimate(metric, truth, right, 0.95, codes)

    assert found["value"] == found["high"] == 1
    assert found["low"] < 0.6


def test_two_perfect_rankings_of_few_clusters_are_not_proven_equal():
    codes, truth = np.repeat(np.arange(10), 50), np.repeat([0, 1], 250)
    draw = np.random.default_rng(0)
    first, second = (Predictions(BINARY, (truth + draw.random(500)) / 2) for _ in range(2))

    found = compare("roc_auc", truth, first, second, 0.95, codes)

    assert found["delta"] == 0
    assert found["low"] == -found["high"] < -0.3


@pytest.mark.parametrize("metric", ["accuracy", "precision", "recall", "f1"])
def test_models_that_never_disagree_are_as_uncertain_as_their_clusters_are_few(metric):
    """3,000 rows in 3 clusters: no better than 3 rows."""
    draw = np.random.default_rng(0)
    truth, scores = draw.integers(0, 2, 3000), draw.random(3000)
    near = np.where(scores >= 0.5, 0.9, 0.1)
    models = [Predictions(BINARY, one) for one in (scores, near)]

    found = compare(metric, truth, *models, 0.95, np.repeat(np.arange(3), 1000))

    assert found["se"] == pytest.approx(2**0.5 / 5)
    assert (found["delta"], found["low"], found["high"], found["df"]) == (0, -1, 1, 2)


@pytest.mark.parametrize("clusters", [5, 7])
@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "accuracy", "precision", "f1"])
def test_clusters_that_are_all_alike_are_not_certain(metric, clusters):
    """Rounding leaves some 1e-17 of spread, which is none."""
    draw = np.random.default_rng(0)
    truth, *scores = (
        np.tile(one, clusters) for one in ([0, 1] * 6 + [0], draw.random(13), draw.random(13))
    )
    models = [Predictions(BINARY, one) for one in scores]
    codes = np.repeat(np.arange(clusters), 13)

    found = compare(metric, truth, *models, 0.95, codes)
    own = estimate(metric, truth, models[0], 0.95, codes)

    assert found["se"] > 0.05
    assert found["high"] - found["low"] > 0.3
    assert own["high"] - own["low"] > 0.3


@pytest.mark.parametrize("metric", ["brier", "log_loss"])
def test_means_of_clusters_that_are_all_alike_are_undefined(metric):
    draw = np.random.default_rng(0)
    truth, *scores = (np.tile(one, 7) for one in ([0, 1] * 6, draw.random(12), draw.random(12)))
    models = [Predictions(BINARY, one) for one in scores]
    codes = np.repeat(np.arange(7), 12)

    with pytest.raises(Undefined, match="no spread"):
        compare(metric, truth, *models, 0.95, codes)
    with pytest.raises(Undefined, match="no spread"):
        estimate(metric, truth, models[0], 0.95, codes)


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_areas_rest_on_the_clusters_that_have_a_class(metric):
    """A hundred clusters, of which few have a positive row."""
    draw = np.random.default_rng(0)
    codes = np.repeat(np.arange(100), 5)
    models = [Predictions(BINARY, draw.random(500)) for _ in range(2)]
    four, six = (((codes < count) & (np.arange(500) % 5 < 3)).astype(int) for count in (4, 6))

    with pytest.raises(Undefined, match="5 independent rows"):
        compare(metric, four, *models, 0.95, codes)
    assert compare(metric, six, *models, 0.95, codes)["df"] < 12


@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_shares_rest_on_the_clusters_that_have_one_of_their_rows(metric):
    draw = np.random.default_rng(0)
    codes = np.repeat(np.arange(100), 5)
    first, second = (
        Predictions(BINARY, np.where(codes < 3, draw.random(500), 0.1)) for _ in range(2)
    )
    truth = ((codes < 3) & (draw.random(500) < 0.5)).astype(int)

    found = compare(metric, truth, first, second, 0.95, codes)
    alone = truth.copy()
    alone[5:] = 0

    assert (found["df"], found["clusters"]) == (2, 100)
    with pytest.raises(Undefined, match="two of them"):
        estimate("recall", alone, first, 0.95, codes)


def test_equal_models_differ_by_nothing():
    truth, codes, first, _ = repeated(BINARY)
    copy = Predictions(BINARY, first.scores.copy())

    found = compare("accuracy", truth, first, copy, 0.95, codes)

    assert (found["delta"], found["low"], found["high"], found["se"]) == (0, 0, 0, 0)
    assert found["clusters"] == 120


def test_measured_rows_are_clustered_like_any_mean():
    truth, codes, first, second = repeated(REGRESSION)
    for model in (first, second):
        errors = np.abs(model.scores - truth)
        object.__setattr__(model, "measured", {OWN: Measured(errors, "minimize")})

    own, mae = (compare(name, truth, first, second, 0.95, codes) for name in (OWN, "mae"))

    assert own == mae
    assert own["method"] == "paired-cluster-t"
    assert own["df"] == 119


@pytest.mark.parametrize(
    ("task", "metric"),
    [(BINARY, "roc_auc"), (BINARY, "log_loss"), (BINARY, "accuracy"), (REGRESSION, "mae")],
)
def test_intervals_of_clusters_cover_where_those_of_rows_do_not(task, metric):
    # Exchangeable models: the true difference is 0.
    clustered, rows, rounds = 0, 0, 200
    for seed in range(rounds):
        truth, codes, first, second = repeated(task, clusters=50, seed=seed, noise=(0.6, 0.6))
        found = compare(metric, truth, first, second, 0.9, codes)
        naive = compare(metric, truth, first, second, 0.9)
        clustered += found["low"] <= 0 <= found["high"]
        rows += naive["low"] <= 0 <= naive["high"]

    assert clustered / rounds >= 0.9 - 3 * (0.9 * 0.1 / rounds) ** 0.5
    assert rows / rounds < clustered / rounds - 0.1
