from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mlgitops.cli.moments import before, length, moment
from mlgitops.model.errors import SpecError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01T08:00:00Z", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01T08:00:00+01:00", datetime(2026, 12, 1, 7, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_in_utc(text: str, expected: datetime) -> None:
    assert moment(text) == expected
    assert moment(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-12-01T08:00:00", "2026-13-01", "20261201",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"],
)  # fmt: skip
def test_what_is_no_time_or_has_no_zone_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="is no time"):
        moment(text)


def test_a_length_is_as_in_specs() -> None:
    assert length("90d") == timedelta(days=90)
    for text in ("", "90", "d", "1.5h", "-1d", "9" * 5000 + "d"):
        with pytest.raises(SpecError, match="is not a duration"):
            length(text)


NOW = datetime(2026, 12, 1, tzinfo=UTC)


def test_a_time_before_another_is_by_a_length() -> None:
    assert before(NOW, "48h") == datetime(2026, 11, 29, tzinfo=UTC)
    with pytest.raises(SpecError, match="is not a duration"):
        before(NOW, "soon")


@pytest.mark.parametrize("text", ["999999d", "999999999d", "999999999999d", "9" * 400 + "w"])
def test_what_is_too_long_is_told_in_our_words(text: str) -> None:
    with pytest.raises(SpecError, match=f"^'{text}' is longer than any calendar$"):
        before(NOW, text)
