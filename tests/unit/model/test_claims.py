from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import stdtr  # noqa: TID253 - the reference
from scipy.stats import norm  # noqa: TID253 - the reference
from statsmodels.stats.multitest import multipletests

from mlgitops.model.claims import holm, p_better, p_worse

GAIN = {"delta": 0.5, "se": 0.25, "df": 12.0}
DFS = [0.1, 0.5, 1, 2, 3.7, 10, 29.9, 30, 59, 60, 61, 199, 24_301, 1e6, 1e9]


@pytest.mark.parametrize("df", DFS)
def test_a_claim_is_judged_by_student_s_t(df):
    draw = np.random.default_rng(0)
    gains = [*draw.normal(0, 3, 50), 0.0, 1.0, -1.0, 1.0001, 0.9999, 40.0, -1e3]

    for gain in map(float, gains):
        found = p_worse({"delta": gain, "se": 1.0, "df": df}, 0.0)
        assert found == pytest.approx(stdtr(df, gain), abs=1e-12, rel=1e-10)


def test_without_degrees_of_freedom_it_is_the_normal_distribution():
    for gain in (-9.0, -1.5, 0.0, 0.3, 4.0):
        found = p_worse({"delta": gain, "se": 0.5, "df": 0}, 0.0)
        assert found == pytest.approx(norm.cdf(gain / 0.5), abs=1e-15, rel=1e-12)


def test_the_margin_is_what_may_be_lost_or_must_be_gained():
    assert p_worse(GAIN, 0.25) == pytest.approx(stdtr(12, 0.75 / 0.25), abs=1e-14)
    assert p_better(GAIN, 0.25) == pytest.approx(stdtr(12, -0.25 / 0.25), abs=1e-14)


@given(st.floats(-5, 5), st.floats(1e-3, 5), st.integers(0, 500), st.floats(-2, 2))
def test_the_two_claims_are_complements_at_opposite_margins(delta, se, df, margin):
    comparison = {"delta": delta, "se": se, "df": df}

    assert p_worse(comparison, margin) + p_better(comparison, -margin) == pytest.approx(1)


@given(st.floats(-5, 5), st.floats(1e-3, 5), st.integers(0, 500))
@example(1.5e-161, 2.0, 9)  # its square vanishes beside the degrees of freedom
def test_a_p_value_below_alpha_is_an_interval_beyond_the_margin(delta, se, df):
    comparison = {"delta": delta, "se": se, "df": df}
    quantile = float(norm.ppf(0.975)) if df == 0 else -_lower(0.025, df)
    low = delta - quantile * se

    if abs(low) > 1e-6:
        assert (p_better(comparison, 0.0) < 0.025) == (low > 0)


def _lower(p, df):
    from scipy.special import stdtrit

    return float(stdtrit(df, p))


def test_without_error_a_claim_is_certain_either_way():
    none = {"delta": 0.0, "se": 0.0, "df": 0.0}

    assert [p_worse(none, 0.0), p_worse(none, 0.1), p_worse(none, -0.1)] == [1, 1, 0]
    assert [p_better(none, 0.0), p_better(none, 0.1), p_better(none, -0.1)] == [1, 1, 0]


def test_an_error_that_vanishes_beside_the_difference_is_certain_too():
    assert p_worse({"delta": -1.0, "se": 1e-308, "df": 5.0}, 0.0) == 0
    assert p_worse({"delta": 1.0, "se": 1e-308, "df": 0.0}, 0.0) == 1


@pytest.mark.parametrize(
    ("comparison", "margin"),
    [
        ({"delta": 0.1, "se": 0.1}, 0.0),
        ({"se": 0.1, "df": 3}, 0.0),
        ({**GAIN, "se": -0.1}, 0.0),
        ({**GAIN, "df": -1}, 0.0),
        ({**GAIN, "se": float("nan")}, 0.0),
        ({**GAIN, "delta": float("inf")}, 0.0),
        ({**GAIN, "delta": "0.1"}, 0.0),
        ({**GAIN, "delta": None}, 0.0),
        ({**GAIN, "delta": True}, 0.0),
        ({**GAIN, "df": 10**400}, 0.0),
        (GAIN, float("nan")),
        (GAIN, "0.01"),
        ({**GAIN, "delta": 1.7e308}, 1.7e308),
        ({**GAIN, "delta": -1.7e308}, -1.7e308),
        ([0.1, 0.1, 3], 0.0),
        (None, 0.0),
    ],
)
def test_what_is_unsound_decides_nothing(comparison, margin):
    with pytest.raises(ValueError, match=r"\w"):
        p_worse(comparison, margin)
    with pytest.raises(ValueError, match=r"\w"):
        p_better(comparison, -margin if isinstance(margin, float) else margin)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_holm_is_statsmodels(p_values):
    expected = multipletests(p_values, method="holm")[1]

    assert holm(p_values) == pytest.approx(expected, abs=1e-12)


def test_holm_of_none_is_none_and_of_one_itself():
    assert holm([]) == []
    assert holm([0.03]) == [0.03]


@pytest.mark.parametrize("wrong", [-0.01, 1.01, float("nan"), float("inf"), "0.1", None, True])
def test_what_is_no_p_value_is_not_adjusted(wrong):
    with pytest.raises(ValueError, match="p-value"):
        holm([0.5, wrong])


def test_claims_need_the_standard_library_only():
    code = (
        "import sys; import mlgitops.model.claims; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} "
        "& {'numpy', 'scipy', 'statistics'}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert shown.stdout.strip() == "[]"
