import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.spec.scalars import plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("0", 0),
        ("-0", 0),
        ("+7", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-02", "2026-01-02"),
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5E+2", -150.0),
        ("1.2.3", "1.2.3"),
        (".", "."),
        ("-", "-"),
        ("-x", "-x"),
        ("1e", "1e"),
        ("9007199254740992", 2**53),
        ("١٢", "١٢"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text, value):
    found = plain(text)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        ".inf", "-.Inf", "+.INF", ".nan", ".NaN",
        "010", "-01", "00", "01.5", "00e1",
        "9007199254740993", "-9007199254740993", "0x20000000000001", "1" * 5000,
        "1e300", "-1e999", "0." + "1" * 100,
    ],
)  # fmt: skip
def test_numbers_that_readers_differ_on_are_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        plain(text)


@given(st.text())
def test_any_text_is_a_portable_value_or_refused(text):
    try:
        value = plain(text)
    except ValueError:
        return
    if isinstance(value, str):
        assert value == text
    elif isinstance(value, float):
        assert math.isfinite(value)


@given(st.floats(allow_nan=False, allow_infinity=False, max_value=1e299, min_value=-1e299))
def test_the_shortest_form_of_a_float_comes_back(number):
    assert plain(repr(number)) == number


@given(st.integers(min_value=-(2**53), max_value=2**53))
def test_an_exact_integer_comes_back(number):
    assert plain(str(number)) == number
