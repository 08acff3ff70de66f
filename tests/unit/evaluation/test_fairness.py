from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.evaluation.fairness import compare
from mlgitops.evaluation.predictions import Predictions

BINARY = "binary-classification"


def drawn(seed: int, rows: int = 900):
    draw = np.random.default_rng(seed)
    group = draw.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    truth = (draw.random(rows) < 0.4).astype(np.int64)
    scores = np.clip(0.3 * truth + draw.random(rows) * 0.7 + 0.1 * (group == "b"), 0, 1)
    return group, truth, scores


def masks(group) -> dict:
    return {str(name): group == name for name in np.unique(group)}


@pytest.mark.parametrize("seed", range(3))
def test_values_are_fairlearns(seed) -> None:
    from fairlearn import metrics as fairlearn
    from sklearn.metrics import accuracy_score, precision_score

    group, truth, scores = drawn(seed)
    metrics = {
        "selection_rate": fairlearn.selection_rate,
        "true_positive_rate": fairlearn.true_positive_rate,
        "false_positive_rate": fairlearn.false_positive_rate,
        "accuracy": accuracy_score,
        "precision": precision_score,
    }
    frame = fairlearn.MetricFrame(
        metrics=metrics, y_true=truth, y_pred=scores >= 0.5, sensitive_features=group
    )

    found = compare(masks(group), truth, Predictions(BINARY, scores), 0.95)

    assert found.gaps.keys() == metrics.keys()
    for label, gap in found.gaps.items():
        column = frame.by_group[label]
        for name in column.index:
            assert found.rates[name][label]["value"] == pytest.approx(column[name], abs=1e-12)
        assert gap["difference"]["value"] == pytest.approx(frame.difference()[label], abs=1e-12)
        assert gap["ratio"]["value"] == pytest.approx(frame.ratio()[label], abs=1e-12)
        assert (gap["largest"], gap["smallest"]) == (column.idxmax(), column.idxmin())


def test_regressions_have_errors_and_multiclass_has_accuracy() -> None:
    group, truth, scores = drawn(1)
    errors = compare(masks(group), truth * 1.0, Predictions("regression", scores), 0.95)
    codes = np.stack([1 - scores, scores], axis=1)
    classes = compare(
        masks(group), truth, Predictions("multiclass-classification", codes, ("no", "yes")), 0.95
    )

    part = (scores - truth)[group == "a"]
    assert errors.rates["a"]["mae"]["value"] == pytest.approx(np.abs(part).mean())
    assert errors.rates["a"]["mean_error"]["value"] == pytest.approx(part.mean())
    assert "ratio" in errors.gaps["mae"]
    assert "ratio" not in errors.gaps["mean_error"]
    assert classes.rates["a"].keys() == classes.gaps.keys() == {"accuracy"}


def test_a_rate_that_a_group_does_not_determine_is_absent() -> None:
    truth = np.array([0, 0, 1, 1, 0, 1])
    scores = np.array([0.1, 0.9, 0.2, 0.8, 0.1, 0.2])
    groups = {
        "no positives": np.array([1, 1, 0, 0, 0, 0], bool),
        "all": np.array([0, 0, 1, 1, 0, 0], bool),
        "none chosen": np.array([0, 0, 0, 0, 1, 1], bool),
    }

    found = compare(groups, truth, Predictions(BINARY, scores), 0.95)

    assert "true_positive_rate" not in found.rates["no positives"]
    assert "precision" not in found.rates["none chosen"]
    gap = found.gaps["true_positive_rate"]
    assert {gap["largest"], gap["smallest"]} == {"all", "none chosen"}


def test_fewer_than_two_groups_have_no_gap() -> None:
    group, truth, scores = drawn(2)
    one = compare({"a": group == "a"}, truth, Predictions(BINARY, scores), 0.95)

    assert one.rates["a"]
    assert one.gaps == {}
    assert compare({}, truth, Predictions(BINARY, scores), 0.95) == ({}, {})


def test_groups_of_one_rate_differ_by_0_and_are_two() -> None:
    truth = np.array([1, 0, 1, 0])
    groups = {"a": np.array([1, 1, 0, 0], bool), "b": np.array([0, 0, 1, 1], bool)}

    gap = compare(groups, truth, Predictions(BINARY, truth * 1.0), 0.95).gaps["accuracy"]

    assert (gap["largest"], gap["smallest"]) == ("a", "b")
    assert gap["difference"]["value"] == gap["difference"]["low"] == 0
    assert gap["difference"]["high"] > 0.5
    assert gap["ratio"]["value"] == gap["ratio"]["high"] == 1
    assert gap["ratio"]["low"] < 0.5


def test_groups_whose_rows_are_all_alike_have_no_error_of_their_own() -> None:
    """Two rows each, off by 1 and by 2: no proof that the ratio is a half."""
    groups = {"a": np.array([1, 1, 0, 0], bool), "b": np.array([0, 0, 1, 1], bool)}
    scores = np.array([1.0, 1.0, 2.0, 2.0])

    found = compare(groups, np.zeros(4), Predictions("regression", scores), 0.95)

    assert found.rates == {"a": {}, "b": {}}
    assert found.gaps == {}


def test_no_ratio_of_nothing() -> None:
    groups = {"a": np.array([1, 1, 0, 0], bool), "b": np.array([0, 0, 1, 1], bool)}

    found = compare(groups, np.array([1, 0, 1, 0]), Predictions(BINARY, np.zeros(4)), 0.95)

    assert "ratio" not in found.gaps["selection_rate"]
    assert found.gaps["selection_rate"]["difference"]["high"] > 0.5


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(0, 1)), min_size=1, max_size=30),
    st.booleans(),
)
def test_every_number_is_finite_and_lies_in_its_interval(rows, is_clustered) -> None:
    group = np.array([row[0] for row in rows])
    truth = np.array([int(row[1]) for row in rows])
    scores = np.array([row[2] for row in rows])
    clusters = np.arange(len(rows)) // 2 if is_clustered else None

    found = compare(masks(group), truth, Predictions(BINARY, scores), 0.9, clusters)

    json.dumps(found, allow_nan=False)
    estimates = [rate for rates in found.rates.values() for rate in rates.values()]
    for gap in found.gaps.values():
        assert gap["largest"] != gap["smallest"]
        estimates += [gap["difference"], *([gap["ratio"]] if "ratio" in gap else [])]
    for one in estimates:
        assert 0 <= one["low"] <= one["value"] <= one["high"] <= 1


def test_what_overflows_is_absent() -> None:
    huge = 1.797e308
    truth = np.array([huge, -huge / 2, huge, -huge / 2])
    groups = {"a": np.array([1, 1, 0, 0], bool), "b": np.array([0, 0, 1, 1], bool)}

    found = compare(groups, truth, Predictions("regression", -truth), 0.95)

    assert found.rates == {"a": {}, "b": {}}
    assert found.gaps == {}


def missed(shares, rows, per_cluster=1, *, is_crossed=False, repeats=400) -> tuple[float, float]:
    """How often the intervals of difference and ratio miss the true ones.

    All rows of a cluster share their luck; *is_crossed* puts each cluster in every group.
    """
    draw = np.random.default_rng(11)
    shares, group = np.array(shares), np.repeat(np.arange(len(rows)), rows)
    if is_crossed:
        group = np.arange(group.size) % len(rows)
    clusters = np.arange(group.size) // per_cluster if per_cluster > 1 else None
    truth = np.zeros(group.size, np.int64)
    difference, ratio = shares.max() - shares.min(), shares.min() / shares.max()
    misses = np.zeros(2)
    for _ in range(repeats):
        luck = np.repeat(draw.random(-(-group.size // per_cluster)), per_cluster)[: group.size]
        scores = (luck < shares[group]).astype(np.float64)
        gap = compare(masks(group), truth, Predictions(BINARY, scores), 0.9, clusters).gaps[
            "selection_rate"
        ]
        for place, (name, target) in enumerate((("difference", difference), ("ratio", ratio))):
            one = gap.get(name, {"low": 0.0, "high": 1.0})
            misses[place] += not one["low"] - 1e-9 <= target <= one["high"] + 1e-9
    return tuple(misses / repeats)


@pytest.mark.parametrize(
    ("shares", "rows", "per_cluster"),
    [
        ([0.3, 0.3], [200, 200], 1),
        ([0.3, 0.4], [300, 150], 1),
        ([0.1, 0.2, 0.2], [400, 150, 150], 1),
        ([0.3] * 8, [150] * 8, 1),
        ([0.3] * 7 + [0.45], [150] * 8, 1),
        ([0.02, 0.02, 0.06], [200] * 3, 1),
        ([0.3, 0.45], [400, 400], 8),
    ],
)
def test_intervals_cover_the_true_gap(shares, rows, per_cluster) -> None:
    """At 90 %, within three standard errors of 400 repeats."""
    most = 0.1 + 3 * math.sqrt(0.1 * 0.9 / 400)

    assert max(missed(shares, rows, per_cluster)) <= most


def test_intervals_cover_the_true_gap_of_groups_with_clusters_in_common() -> None:
    most = 0.1 + 3 * math.sqrt(0.1 * 0.9 / 400)

    assert max(missed([0.3, 0.4], [400, 400], 8, is_crossed=True)) <= most


def test_the_sample_s_own_gap_exaggerates_and_its_interval_does_not() -> None:
    """Eight equal groups: what the sample shows would often be called a gap."""
    draw = np.random.default_rng(2)
    group = np.repeat(np.arange(8), 100)
    values, lows = [], []
    for _ in range(100):
        scores = (draw.random(800) < 0.3).astype(np.float64)
        gap = compare(masks(group), np.zeros(800), Predictions(BINARY, scores), 0.95).gaps[
            "selection_rate"
        ]["difference"]
        values.append(gap["value"])
        lows.append(gap["low"])

    assert np.mean(values) > 0.1
    assert np.mean(np.array(lows) > 0) <= 0.05


def test_few_clusters_that_move_all_groups_alike_leave_a_gap_some_room() -> None:
    truth = np.array([1, 1, 0, 0, 1, 1, 0, 0])
    is_first = np.arange(8) % 2 == 0
    scores = truth.astype(np.float64)
    groups = {"a": is_first, "b": ~is_first}

    found = compare(
        groups, truth, Predictions("binary-classification", scores), 0.95, np.arange(8) // 2
    )

    gap = found.gaps["selection_rate"]["difference"]
    assert gap["value"] == 0
    assert gap["high"] > 0.3
