from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # noqa: TID253 - the reference

from mlgitops.evaluation.baseline import prior
from mlgitops.evaluation.compare import compare
from mlgitops.evaluation.metrics import estimate, point
from mlgitops.evaluation.predictions import Measured, Predictions
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.claims import holm, p_worse
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


def perfect(of_each):
    """Two models that rank without a fault, but not alike."""
    truth = np.repeat([0, 1], of_each)
    scores = np.linspace(0.1, 0.9, truth.size)
    other = np.concatenate([scores[:of_each][::-1], scores[of_each:]])
    return truth, Predictions(BINARY, scores), Predictions(BINARY, other)


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

    try:
        there = compare(metric, truth, ours, theirs, 0.95)
    except Undefined:
        with pytest.raises(Undefined):
            compare(metric, truth, theirs, ours, 0.95)
        return
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

    m, k = ours[0].size, ours[1].size
    parts = [np.var(ours[side] - theirs[side], ddof=1) / (m, k)[side] for side in (0, 1)]
    df = sum(parts) ** 2 / (parts[0] ** 2 / (m - 1) + parts[1] ** 2 / (k - 1))
    assert found["se"] == pytest.approx(error, rel=1e-8)
    assert found["df"] == pytest.approx(df, rel=1e-8)
    assert found["high"] - found["delta"] == pytest.approx(stats.t.ppf(0.975, df) * error, rel=1e-8)


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
    truth, first, second = perfect(5)

    found = compare(metric, truth, first, second, 0.95)

    assert found["delta"] == 0
    assert found["low"] == -found["high"] < -0.3


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_a_rescaled_model_ranks_the_same_on_these_rows(metric):
    truth, model, _ = contest(BINARY)
    half = Predictions(BINARY, model.scores / 2)
    few = np.concatenate([np.flatnonzero(truth == label)[:5] for label in (0, 1)])

    many = compare(metric, truth, model, half, 0.95)
    ten = compare(metric, truth[few], model.take(few), half.take(few), 0.95)

    positives = int(truth.sum())
    assert many["delta"] == ten["delta"] == 0
    assert many["se"] == pytest.approx(2**0.5 / (positives + 2))
    assert many["high"] == -many["low"] < 0.02
    assert ten["low"] < -0.3


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
    if metric in ("roc_auc", "average_precision"):
        assert min(truth.sum(), (1 - truth).sum()) - 1 <= found["df"] <= 598
    else:
        assert found["df"] == (599 if found["method"] == "paired-t" else 0)


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_identical_models_have_no_standard_error(task, metric):
    truth, model, _ = contest(task)
    copy = Predictions(task, model.scores.copy(), model.classes)

    assert compare(metric, truth, model, copy, 0.95)["se"] == 0


def test_two_perfect_rankings_have_the_standard_error_of_their_interval():
    truth, first, second = perfect(5)

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


def measured(model, values):
    return Predictions(
        model.task,
        model.scores,
        measured={"profit": Measured(np.asarray(values, np.float64), "maximize")},
    )


def test_equal_measurements_of_unequal_models_are_not_proven_equal():
    truth, first, second = contest(REGRESSION)

    found = compare(
        "profit", truth, measured(first, np.arange(600.0)), measured(second, np.arange(600.0)), 0.95
    )

    assert found["delta"] == 0
    assert found["se"] > 0
    assert found["low"] < 0 < found["high"]
    rare = [measured(model, np.zeros(600)) for model in (first, second)]
    with pytest.raises(Undefined, match="no spread"):
        compare("profit", truth, *rare, 0.95)


def test_equal_models_that_are_measured_otherwise_are_not_equal():
    truth, first, _ = contest(REGRESSION)
    draw = np.random.default_rng(0)

    found = compare(
        "profit", truth, *(measured(first, draw.normal(size=600)) for _ in range(2)), 0.95
    )

    assert found["se"] > 0


@pytest.mark.parametrize(("task", "metric"), EVERY)
def test_the_rounding_of_another_machine_is_no_other_model(task, metric):
    truth, model, _ = contest(task)
    noise = np.random.default_rng(1).uniform(-1e-15, 1e-15, model.scores.shape)
    again = Predictions(task, model.scores * (1 + noise), model.classes)

    found = compare(metric, truth, model, again, 0.95)

    assert (found["delta"], found["se"], found["method"]) == (0, 0, "equal-predictions")


def test_rounding_that_turns_a_decision_is_another_model():
    truth = np.array([1, 0] * 10)
    scores = np.where(truth == 1, 0.5, 0.2)
    turned = np.where(truth == 1, np.nextafter(0.5, 0), 0.2)

    found = compare(
        "accuracy", truth, Predictions(BINARY, scores), Predictions(BINARY, turned), 0.95
    )

    assert found["delta"] == 0.5
    assert found["se"] > 0


@pytest.mark.parametrize(
    ("task", "metric", "values"),
    [
        (REGRESSION, "mae", (1.0, 2.0)),
        (REGRESSION, "rmse", (1.0, 2.0)),
        (BINARY, "brier", (0.9, 0.8)),
        (BINARY, "log_loss", (0.9, 0.8)),
    ],
)
def test_a_constant_difference_of_like_rows_determines_nothing(task, metric, values):
    for rows in (2, 50):
        truth = np.ones(rows) if task == BINARY else np.arange(float(rows))
        models = [
            Predictions(task, np.full(rows, one) if task == BINARY else truth + one)
            for one in values
        ]
        with pytest.raises(Undefined):
            compare(metric, truth, *models, 0.95)


def test_a_constant_difference_of_unlike_rows_is_bounded_by_the_models_own_intervals():
    truth = np.zeros(20)
    errors = np.random.default_rng(0).uniform(5, 6, 20)
    ours, theirs = (Predictions(REGRESSION, errors + shift) for shift in (0.0, 1e-3))

    found = compare("mae", truth, ours, theirs, 0.95)
    own = [estimate("mae", truth, model, 0.95) for model in (ours, theirs)]

    assert found["delta"] == pytest.approx(1e-3)
    assert found["high"] == pytest.approx(own[1]["high"] - own[0]["low"])
    assert found["low"] == pytest.approx(own[1]["low"] - own[0]["high"])
    assert stats.t.ppf(0.975, 19) * found["se"] == pytest.approx((found["high"] - found["low"]) / 2)


@pytest.mark.parametrize("metric", ["precision", "f1"])
def test_few_decisions_are_not_certain(metric):
    truth = np.repeat([1, 0], 4)
    right, wrong = np.repeat([0.9, 0.1], 4), np.repeat([0.1, 0.9], 4)

    found = compare(metric, truth, Predictions(BINARY, right), Predictions(BINARY, wrong), 0.95)

    assert found["delta"] == found["high"] == 1
    assert found["se"] == pytest.approx(((1 - (4 / 6) ** 2) / 6) ** 0.5)
    assert found["low"] < 0.2


def test_perfect_classes_are_not_proven_equal():
    truth = np.arange(9) % 3
    first, second = (
        Predictions(MULTICLASS, np.eye(3)[truth] * (1 - 3 * e) + e, ("a", "b", "c"))
        for e in (0.1, 0.2)
    )

    found = compare("f1_macro", truth, first, second, 0.95)

    assert found["delta"] == 0
    assert found["low"] == -found["high"] < -0.3


SMALL = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=16
)


@settings(deadline=None, max_examples=300)
@given(SMALL, st.sampled_from([*EVERY, (REGRESSION, "profit")]), st.sampled_from([0, 1, 2, 3]))
def test_only_equal_predictions_have_no_standard_error(rows, asked, per_cluster):
    """Of few rows and few values, where chance makes rows and clusters alike."""
    task, metric = asked
    truth, *levels = np.array(rows).T
    if task == MULTICLASS:
        tables = [np.stack([4 - one, one, np.full_like(one, 2)], axis=1) / 6 for one in levels]
        models = [Predictions(task, table, ("a", "b", "c")) for table in tables]
    else:
        truth = truth if task == REGRESSION else np.minimum(truth, 1)
        models = [measured(Predictions(task, one / 4), one > 2) for one in levels]
    clusters = np.arange(truth.size) // per_cluster if per_cluster else None

    try:
        found = compare(metric, truth, *models, 0.9, clusters)
    except Undefined:
        return
    is_equal = np.array_equal(levels[0], levels[1])
    assert (found["se"] == 0) == is_equal
    assert (found["low"] == found["high"]) == is_equal
    assert (found["method"] == "equal-predictions") == is_equal


@pytest.mark.parametrize(("positives", "rows"), [(5, 200), (10, 200), (5, 10)])
@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_holm_holds_the_family_error_of_few_positives(metric, positives, rows):
    """Equal models in 20 slices, called harmed in any of them: normal quantiles gave 14 %."""
    draw, rounds, harmed = np.random.default_rng(3), 150, 0
    truth = (np.arange(rows) < positives).astype(np.int64)
    for _ in range(rounds):
        p_values = []
        for _ in range(20):
            shared = draw.normal(1.2 * truth, 1) + 0.6 * draw.normal(size=rows)
            scores = 1 / (1 + np.exp(-shared - 0.5 * draw.normal(size=(2, rows))))
            models = (Predictions(BINARY, one) for one in scores)
            p_values.append(p_worse(compare(metric, truth, *models, 0.95), 0.0))
        harmed += min(holm(p_values)) <= 0.05

    assert harmed / rounds <= 0.05


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("few", [0, 1])
def test_a_difference_of_areas_needs_five_rows_of_each_class(metric, few):
    draw = np.random.default_rng(0)
    for count in (4, 5):
        truth = np.repeat([few, 1 - few], [count, 100])
        models = [Predictions(BINARY, draw.random(truth.size)) for _ in range(2)]
        if count == 5:
            assert compare(metric, truth, *models, 0.95)["df"] >= 4
            continue
        with pytest.raises(Undefined, match="5 independent rows"):
            compare(metric, truth, *models, 0.95)


def test_a_measurement_of_one_model_only_is_a_mistake_of_the_caller():
    truth, first, second = contest(REGRESSION)
    ours = Predictions(
        REGRESSION, first.scores, measured={"profit": Measured(np.ones(600), "maximize")}
    )

    with pytest.raises(ValueError, match="profit is not a metric"):
        compare("profit", truth, ours, second, 0.95)
