from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.reports.numbers import (
    confidence,
    count,
    interval,
    number,
    percent,
    signed,
    signed_interval,
    size,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.64123, "0.6412"),
        (-0.0214, "\N{MINUS SIGN}0.0214"),
        (0.0, "0.0000"),
        (-0.0, "0.0000"),
        (9.99999, "10.0000"),
        (14.325, "14.32"),
        (14_325.21, "14,325"),
        (-27_632.2, "\N{MINUS SIGN}27,632"),
        (0.000012, "1.20e\N{MINUS SIGN}05"),
        (3.2e12, "3.20e+12"),
    ],
)
def test_numbers_have_few_digits_and_a_true_minus(value: float, text: str):
    assert number(value) == text


def test_numbers_beside_each_other_share_their_decimals():
    assert number(0.00002, 0.01) == "0.0000"
    assert number(3.5, 14_325.0) == "4"
    assert interval(0.63, 0.6491) == "[0.6300, 0.6491]"
    assert signed_interval(-0.0012, 0.0134) == "[\N{MINUS SIGN}0.0012, +0.0134]"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_shows_a_hyphen_or_a_negative_zero(value: float):
    text = signed(value)

    assert "-" not in text
    assert not text.startswith("\N{MINUS SIGN}0.0000")
    assert text.startswith("+") == (value > 0)


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.0%"), (1.0, "100.0%"), (0.2589, "25.9%"), (0.000509, "0.051%")]
)
def test_shares_are_percentages(share: float, text: str):
    assert percent(share) == text


def test_confidence_has_no_more_digits_than_it_needs():
    assert [confidence(level) for level in (0.9, 0.95, 0.999)] == ["90%", "95%", "99.9%"]


def test_counts_are_grouped_and_agree_with_their_noun():
    assert count(1, "row") == "1 row"
    assert count(27_489, "row") == "27,489 rows"
    assert count(2, "policy", "policies") == "2 policies"
    assert count(1_000_000) == "1,000,000"


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (1, "1 byte"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB"),
        (1_482_337, "1.4 MiB"),
        (2**42, "4.0 TiB"),
    ],
)
def test_sizes_use_the_largest_unit(size_bytes: int, text: str):
    assert size(size_bytes) == text
