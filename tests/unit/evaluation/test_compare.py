from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # noqa: TID253 - the reference

from mlgitops.evaluation.baseline import prior
from mlgitops.evaluation.compare import compare
from mlgitops.evaluation.metrics import point
from mlgitops.evaluation.predictions import Measured, Predictions
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.metrics import METRICS, metrics_for

BINARY, MULTICLASS, REGRESSION = (
    "binary-classification",
    "multiclass-classification",
    "regression",
)
EVERY = [
    (task, metric) for task in (BINARY, MULTICLASS, REGRESSION) for metric in metrics_for(task)
]
CLOSED_FORMS = ["roc_auc", "average_precision", "log_loss", "brier", "accuracy", "recall"]
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 10), st.integers(0, 10)), min_size=4, max_size=40
).filter(lambda rows: 2 <= sum(row[0] for row in rows) <= len(rows) - 2)


def contest(task, rows=600, seed=0, noise=(0.4, 0.9)):
    """Truth and two models of it; the first is the better one."""
    generator = np.random.default_rng(seed)
    signal = generator.normal(size=(rows, 3))
    if task == MULTICLASS:
        truth = signal.argmax(axis=1)
        shown = [np.exp(signal + generator.normal(0, spread, (rows, 3))) for spread in noise]
        models = [weights / weights.sum(axis=1, keepdims=True) for weights in shown]
        return truth, *(Predictions(task, scores, ("a", "b", "c")) for scores in models)
    shown = [signal[:, 0] + generator.normal(0, spread, rows) for spread in noise]
    if task == REGRESSION:
        return signal[:, 0], *(Predictions(task, scores) for scores in shown)
    truth = (signal[:, 0] + generator.normal(0, 0.3, rows) > 0.5).astype(np.int64)
    return truth, *(Predictions(task, 1 / (1 + np.exp(1 - 2 * scores))) for scores in shown)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_positive_means_that_the_candidate_is_better(task, metric):
    truth, better, worse = contest(task)

    found = compare(metric, truth, better, worse, 0.95)

    difference = point(metric, truth, better) - point(metric, truth, worse)
    assert found["delta"] == pytest.approx(abs(difference))
    assert (difference > 0) == (METRICS[metric].direction == "maximize")
    assert found["low"] < found["delta"] < found["high"]
    assert metric == "recall" or found["low"] > 0
    assert (found["n"], found["confidence"]) == (600, 0.95)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_identical_models_differ_by_exactly_nothing(task, metric):
    truth, model, _ = contest(task)
    copy = Predictions(task, model.scores.copy(), model.classes)

    found = compare(metric, truth, model, copy, 0.95)

    assert (found["delta"], found["low"], found["high"]) == (0.0, 0.0, 0.0)
    assert not np.signbit(found["low"])


@settings(deadline=None)
@given(ROWS, st.sampled_from(metrics_for(BINARY)))
def test_identical_models_are_never_superior(rows, metric):
    truth, levels, _ = np.array(rows).T
    model = Predictions(BINARY, levels / 10)

    try:
        found = compare(metric, truth, model, Predictions(BINARY, levels / 10), 0.95)
    except Undefined:
        return
    assert found["low"] == found["high"] == 0.0


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_swapping_the_models_flips_the_signs(task, metric):
    truth, first, second = contest(task)

    there, back = (
        compare(metric, truth, first, second, 0.9),
        compare(metric, truth, second, first, 0.9),
    )

    assert back["delta"] == pytest.approx(-there["delta"], abs=1e-12)
    assert back["low"] == pytest.approx(-there["high"], abs=1e-12)
    assert back["high"] == pytest.approx(-there["low"], abs=1e-12)


@settings(deadline=None)
@given(ROWS, st.sampled_from(CLOSED_FORMS))
def test_closed_forms_are_antisymmetric_and_hold_the_difference(rows, metric):
    truth, first, second = np.array(rows).T
    ours, theirs = Predictions(BINARY, first / 10), Predictions(BINARY, second / 10)

    there = compare(metric, truth, ours, theirs, 0.95)
    back = compare(metric, truth, theirs, ours, 0.95)

    assert there["low"] <= there["delta"] <= there["high"]
    assert (back["delta"], back["low"], back["high"]) == pytest.approx(
        (-there["delta"], -there["high"], -there["low"]), abs=1e-9
    )


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_a_comparison_does_not_depend_on_the_order_of_rows(task, metric):
    truth, first, second = contest(task, rows=200)
    order = np.random.default_rng(5).permutation(truth.size)

    one = compare(metric, truth, first, second, 0.95)
    other = compare(metric, truth[order], first.take(order), second.take(order), 0.95)

    for number in ("delta", "low", "high"):
        assert other[number] == pytest.approx(one[number], abs=1e-9)


def test_paired_delong_is_the_pairwise_definition():
    truth, first, second = contest(BINARY, rows=150)
    is_positive = truth == 1

    def components(scores):
        x, y = scores[is_positive], scores[~is_positive]
        psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
        return psi.mean(axis=1), psi.mean(axis=0)

    ours, theirs = components(first.scores), components(second.scores)
    s10, s01 = (np.cov(ours[side], theirs[side]) for side in (0, 1))
    whole = s10 / ours[0].size + s01 / ours[1].size
    error = np.sqrt(whole[0, 0] + whole[1, 1] - 2 * whole[0, 1])

    found = compare("roc_auc", truth, first, second, 0.95)

    assert found["high"] - found["delta"] == pytest.approx(1.959963985 * error, rel=1e-8)


def test_paired_t_is_scipys():
    truth, first, second = contest(REGRESSION)
    ours, theirs = (np.abs(model.scores - truth) for model in (first, second))
    expected = stats.ttest_rel(theirs, ours).confidence_interval(0.9)

    found = compare("mae", truth, first, second, 0.9)

    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("metric", ["average_precision", "rmse"])
def test_what_both_models_get_wrong_does_not_widen_the_interval(metric):
    task = BINARY if metric == "average_precision" else REGRESSION
    truth, first, _ = contest(task)
    near = first.scores * np.random.default_rng(3).uniform(0.999, 1, truth.size)

    found = compare(metric, truth, first, Predictions(task, near), 0.95)

    # Unpaired, the width would be that of two independent estimates: over 0.05 here.
    assert found["high"] - found["low"] < 0.005


@pytest.mark.parametrize(
    ("metric", "task"), [("roc_auc", BINARY), ("accuracy", BINARY), ("mae", REGRESSION)]
)
def test_equal_models_are_found_superior_as_rarely_as_promised(metric, task):
    superior = 0
    for seed in range(300):
        truth, first, second = contest(task, rows=200, seed=seed, noise=(0.7, 0.7))
        superior += compare(metric, truth, first, second, 0.9)["low"] > 0

    assert superior / 300 <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


def test_a_baseline_loses():
    truth, model, _ = contest(BINARY)

    found = compare("roc_auc", truth, model, prior(truth, truth.size, BINARY), 0.95)

    assert found["low"] > 0.2


def test_permuted_labels_do_not_beat_the_baseline():
    truth, model, _ = contest(BINARY)
    permuted = np.random.default_rng(11).permutation(truth)

    for metric in ("roc_auc", "log_loss", "average_precision"):
        found = compare(metric, permuted, model, prior(truth, truth.size, BINARY), 0.95)
        assert found["low"] <= 0


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_two_perfect_rankings_of_few_rows_are_not_proven_equal(metric):
    truth = np.array([0, 0, 0, 1, 1, 1])
    first = Predictions(BINARY, np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9]))
    second = Predictions(BINARY, np.array([0.3, 0.2, 0.1, 0.7, 0.8, 0.9]))

    found = compare(metric, truth, first, second, 0.95)

    assert found["delta"] == 0
    assert found["low"] == -found["high"] < -0.3


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_a_rescaled_model_ranks_the_same(metric):
    truth, model, _ = contest(BINARY)

    found = compare(metric, truth, model, Predictions(BINARY, model.scores / 2), 0.95)

    assert (found["delta"], found["low"], found["high"]) == (0, 0, 0)


def test_equal_decisions_by_different_scores_are_not_proven_equal():
    truth = np.array([0, 0, 1, 1])
    first = Predictions(BINARY, np.array([0.1, 0.2, 0.8, 0.9]))
    second = Predictions(BINARY, np.array([0.2, 0.1, 0.9, 0.8]))

    for metric in ("accuracy", "recall"):
        found = compare(metric, truth, first, second, 0.95)
        assert found["low"] < -0.3 < found["delta"] == 0


@pytest.mark.parametrize(
    ("metric", "truth"),
    [
        ("roc_auc", [0, 0, 0, 0]),
        ("roc_auc", [0, 0, 0, 1]),
        ("average_precision", [1, 1, 1, 1]),
        ("recall", [0, 0, 0, 0]),
    ],
)
def test_what_the_rows_do_not_determine_is_undefined(metric, truth):
    first, second = (
        Predictions(BINARY, np.array(s)) for s in ([0.1, 0.4, 0.6, 0.9], [0.9, 0.1, 0.8, 0.2])
    )

    with pytest.raises(Undefined):
        compare(metric, np.array(truth), first, second, 0.95)


def test_a_spread_that_overflows_is_undefined():
    models = [Predictions(REGRESSION, np.array([huge, 0.0, 0.0])) for huge in (1e200, 3e200)]

    with pytest.raises(Undefined, match="spread"):
        compare("mae", np.zeros(3), *models, 0.95)


def test_rows_that_do_not_match_are_a_mistake_of_the_caller():
    truth, first, second = contest(BINARY)

    with pytest.raises(ValueError, match="predictions for"):
        compare("brier", truth, first, second.take(slice(5)), 0.95)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_the_standard_error_is_that_of_the_difference(task, metric):
    truth, first, second = contest(task)
    draw = np.random.default_rng(2)
    resamples = [draw.integers(0, truth.size, truth.size) for _ in range(300)]
    moved = [
        point(metric, truth[rows], first.take(rows)) - point(metric, truth[rows], second.take(rows))
        for rows in resamples
    ]

    found = compare(metric, truth, first, second, 0.95)

    assert found["se"] == pytest.approx(np.std(moved, ddof=1), rel=0.15)
    assert found["se"] == compare(metric, truth, second, first, 0.95)["se"]


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_the_interval_is_as_many_standard_errors_as_its_distribution_says(task, metric, confidence):
    truth, first, second = contest(task)
    found = compare(metric, truth, first, second, confidence)
    known = stats.t(found["df"]) if found["df"] else stats.norm
    width = 2 * known.ppf((1 + confidence) / 2) * found["se"]
    is_resampled = found["method"] == "paired-poisson-bootstrap"

    assert found["high"] - found["low"] == pytest.approx(width, rel=0.1 if is_resampled else 1e-9)
    assert found["df"] == (599 if found["method"] == "paired-t" else 0)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_identical_models_have_no_standard_error(task, metric):
    truth, model, _ = contest(task)
    copy = Predictions(task, model.scores.copy(), model.classes)

    assert compare(metric, truth, model, copy, 0.95)["se"] == 0


def test_two_perfect_rankings_have_the_standard_error_of_their_interval():
    truth = np.array([0, 0, 0, 1, 1, 1])
    first = Predictions(BINARY, np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9]))
    second = Predictions(BINARY, np.array([0.3, 0.2, 0.1, 0.7, 0.8, 0.9]))

    found = compare("roc_auc", truth, first, second, 0.95)

    assert found["se"] * 1.959963985 == pytest.approx(found["high"], rel=1e-9)


def test_what_a_user_measured_is_a_paired_mean():
    truth, first, second = contest(REGRESSION)
    gains = [-np.abs(model.scores - truth) for model in (first, second)]
    ours, theirs = (
        Predictions(REGRESSION, model.scores, measured={"profit": Measured(gain, "maximize")})
        for model, gain in zip((first, second), gains, strict=True)
    )

    assert compare("profit", truth, ours, theirs, 0.95) == compare(
        "mae", truth, first, second, 0.95
    )


def test_equal_measurements_of_unequal_models_differ_by_nothing():
    truth, first, second = contest(REGRESSION)
    same = {"profit": Measured(np.arange(600.0), "maximize")}
    ours, theirs = (Predictions(REGRESSION, one.scores, measured=same) for one in (first, second))

    found = compare("profit", truth, ours, theirs, 0.95)

    assert (found["delta"], found["se"], found["low"], found["high"]) == (0, 0, 0, 0)


def test_a_measurement_of_one_model_only_is_a_mistake_of_the_caller():
    truth, first, second = contest(REGRESSION)
    ours = Predictions(
        REGRESSION, first.scores, measured={"profit": Measured(np.ones(600), "maximize")}
    )

    with pytest.raises(ValueError, match="profit is not a metric"):
        compare("profit", truth, ours, second, 0.95)
