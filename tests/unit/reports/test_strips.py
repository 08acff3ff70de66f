from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlgitops.reports.strips import gain_strips, value_strips

BOUNDS = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(sorted)


def gain(low: float, delta: float, high: float) -> Any:
    return {"delta": delta, "low": low, "high": high, "n": 9, "method": "x", "confidence": 0.95}


def value(low: float, middle: float, high: float) -> Any:
    return {
        "value": middle,
        "low": low,
        "high": high,
        "n": 9,
        "method": "x",
        "direction": "maximize",
    }


@given(st.lists(BOUNDS, max_size=5), st.none() | st.floats(0, 1e6))
def test_gains_are_drawn_in_order_around_the_middle(
    bounds: list[list[float]], margin: float | None
):
    for (low, _, high), strip in zip(
        bounds, gain_strips([gain(*b) for b in bounds], margin), strict=True
    ):
        assert 0 <= strip.low <= strip.point <= strip.high <= 100
        assert strip.origin == 50
        assert (strip.reading == "better") == (low > 0)
        assert (strip.reading == "worse") == (high < 0)
        assert strip.margin is None if margin is None else 0 <= (strip.margin or 0) <= 50


@given(st.lists(BOUNDS, min_size=1, max_size=5), st.floats(-1e6, 1e6))
def test_values_share_one_scale_with_the_value_of_all_rows(
    bounds: list[list[float]], origin: float
):
    strips = value_strips([value(*b) for b in bounds], origin)

    assert len({strip.origin for strip in strips}) == 1
    for strip in strips:
        assert 0 <= strip.low <= strip.point <= strip.high <= 100
        assert 0 <= strip.origin <= 100


def test_equal_gains_stand_at_equal_places():
    wide, narrow = gain_strips([gain(-0.2, 0.1, 0.4), gain(0.09, 0.1, 0.11)])

    assert wide.point == narrow.point
