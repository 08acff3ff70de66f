from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.evaluation import power
from mlgitops.evaluation.compare import compare
from mlgitops.evaluation.power import Precision
from mlgitops.evaluation.predictions import Predictions

BINARY = "binary-classification"


@pytest.mark.parametrize(
    ("rows", "share", "margin", "known"),
    # Share of equal models found inconclusive in 1,500 simulated runs at a one-sided 95 %,
    # of models that disagree on 8 % of the rows.
    [(500, 0.08, 0.01, 0.78), (2000, 0.08, 0.01, 0.53), (5000, 0.08, 0.01, 0.20)],
)
def test_a_gate_is_as_often_inconclusive_as_simulated(rows, share, margin, known):
    found = power.inconclusive(power.of_disagreement(rows, share), margin, 0.9)

    assert found == pytest.approx(known, abs=0.03)


def gate(truth, first, second, margin):
    """What the gate says of a paired accuracy, by Bonett and Price's interval."""
    found = compare("accuracy", truth, first, second, 0.95)
    if found["low"] >= -margin:
        return "pass"
    return "fail" if found["high"] < -margin else "inconclusive"


def contest(draw, rows, loss, share=0.1):
    """Two models right on 85 % that disagree on *share* of the rows; the first is worse."""
    right = draw.random(rows) < 0.85
    truth = (draw.random(rows) < 0.5).astype(np.int64)
    which = draw.random(rows)
    first_wrong = which < (share + loss) / 2
    second_wrong = (which >= (share + loss) / 2) & (which < share)
    first = np.where(first_wrong, False, np.where(second_wrong, True, right))
    second = np.where(first_wrong, True, np.where(second_wrong, False, right))
    models = [
        Predictions(BINARY, np.where(is_right, truth, 1 - truth) * 0.8 + 0.1)
        for is_right in (first, second)
    ]
    return truth, *models


def test_the_rows_named_are_enough_and_a_tenth_is_not():
    margin, rounds = 0.02, 400
    draw = np.random.default_rng(0)
    needed = power.rows_needed(power.of_disagreement(1), margin, 0.95)
    assert needed == 3600

    said = [gate(*contest(draw, needed, 0.0), margin) for _ in range(rounds)]
    lossy = [gate(*contest(draw, needed, 2 * margin), margin) for _ in range(rounds)]
    few = [gate(*contest(draw, needed // 10, 0.0), margin) for _ in range(rounds)]

    slack = 3 * (0.05 * 0.95 / rounds) ** 0.5
    assert said.count("pass") / rounds >= 0.95 - slack
    assert said.count("fail") == 0
    assert lossy.count("fail") / rounds >= 0.95 - slack
    assert lossy.count("pass") == 0
    assert few.count("inconclusive") / rounds > 0.5


@given(
    st.integers(10, 10**6), st.floats(1e-4, 1), st.floats(1e-3, 0.5), st.sampled_from([0.8, 0.95])
)
def test_with_the_rows_needed_the_wished_power_is_reached(rows, se, margin, confidence):
    needed = power.rows_needed(Precision(rows, se), margin, confidence)

    assert needed is not None
    there = Precision(needed, se * (rows / needed) ** 0.5)
    assert power.passes(there, margin, confidence) >= 0.95 - 1e-9
    assert power.fails(there, margin, confidence, gain=-2 * margin) >= 0.95 - 1e-9
    assert power.inconclusive(there, margin, confidence) <= 0.05 + 1e-9
    if needed > 100:
        # The reserve is a tenth, and rounding up adds a tenth at most.
        fewer = Precision(needed, there.se * 1.13)
        assert power.passes(fewer, margin, confidence) < 0.95


def test_needed_rows_are_rounded_up_to_two_digits():
    assert power.rows_needed(Precision(24_302, 0.0027), 0.01, 0.95) == 26_000
    assert power.rows_needed(Precision(100, 0.0), 0.01, 0.95) == 1


def test_no_number_of_rows_shows_that_nothing_is_lost():
    assert power.rows_needed(Precision(100, 0.1), 0.0, 0.95) is None
    assert power.passes(Precision(10**9, 1e-9), 0.0, 0.95) == pytest.approx(0.025)


def test_rows_beyond_all_counting_are_none():
    assert power.rows_needed(Precision(100, 1e200), 1e-300, 0.95) is None


def test_equal_models_without_spread_always_pass():
    assert power.passes(Precision(10, 0.0), 0.0, 0.95) == 1
    assert power.fails(Precision(10, 0.0), 0.01, 0.95) == 0
    assert power.inconclusive(Precision(10, 0.0), 0.01, 0.95) == 0
    assert power.fails(Precision(10, 0.0), 0.0, 0.95) == 0
    assert power.fails(Precision(10, 0.0), 0.01, 0.95, gain=-0.02) == 1


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.5, 0.8, 0.95, 0.999]))
def test_what_a_gate_says_has_probabilities(se, margin, confidence):
    told = [
        judge(Precision(10, se), margin, confidence)
        for judge in (power.passes, power.fails, power.inconclusive)
    ]

    assert all(0 <= share <= 1 for share in told)
    assert sum(told) == pytest.approx(1)


def test_a_metric_of_its_own_bounds_the_precision_of_a_difference():
    known = power.of_metric(500, 0.70, 0.80, 0.95)

    assert known == Precision(500, pytest.approx(2**0.5 * 0.05 / 1.959963985))


@pytest.mark.parametrize(
    ("precision", "margin"),
    [
        (Precision(10, float("nan")), 0.01),
        (Precision(10, -1.0), 0.01),
        (Precision(0, 0.1), 0.01),
        (Precision(10, 0.1), -0.01),
        (Precision(10, 0.1), float("inf")),
    ],
)
def test_what_is_unsound_has_no_power(precision, margin):
    with pytest.raises(ValueError, match="no power"):
        power.rows_needed(precision, margin, 0.95)
    with pytest.raises(ValueError, match="no power"):
        power.inconclusive(precision, margin, 0.95)


def test_a_plan_needs_no_numpy():
    code = (
        "import sys; import mlgitops.evaluation.power, mlgitops.usecases.sample_sizes; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'scipy'}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert shown.stdout.strip() == "[]"


def noisy(draw, rows, noise=0.8):
    """Two models of one risk; the first is worse where its *noise* is more."""
    risk = draw.normal(-0.5, 1.5, rows)
    truth = (draw.random(rows) < 1 / (1 + np.exp(-risk))).astype(np.int64)
    shared, *own = draw.normal(size=(3, rows))
    return truth, *(
        Predictions(BINARY, 1 / (1 + np.exp(-risk - spread * (0.8 * shared + 0.6 * errors))))
        for spread, errors in zip((noise, 0.8), own, strict=True)
    )


# The noise that costs twice the margin, by bisection on 400,000 rows (benchmarks/verdicts.py
# does the same for 10,000 pairs).
@pytest.mark.parametrize(
    ("metric", "margin", "noise"),
    [("accuracy", 0.03, 1.78), ("log_loss", 0.03, 1.18), ("roc_auc", 0.03, 1.53)],
)
def test_what_a_plan_says_holds_for_every_kind_of_metric(metric, margin, noise):
    draw, rounds = np.random.default_rng(3), 300
    pilot = compare(metric, *noisy(draw, 5000), 0.95)
    needed = power.rows_needed(Precision(5000, pilot["se"]), margin, 0.95)
    assert needed is not None

    equal = [compare(metric, *noisy(draw, needed), 0.95) for _ in range(rounds)]
    lossy = [compare(metric, *noisy(draw, needed, noise), 0.95) for _ in range(rounds)]

    assert np.mean([found["delta"] for found in lossy]) == pytest.approx(-2 * margin, rel=0.1)
    slack = 3 * (0.05 * 0.95 / rounds) ** 0.5
    assert sum(found["low"] > 0 for found in equal) / rounds <= 0.025 + 0.005 + slack
    assert sum(found["low"] < -margin for found in equal) / rounds <= 0.05 + slack
    assert sum(found["low"] >= -margin for found in lossy) == 0
