"""Times and lengths as people write them on a command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlgitops.model.errors import SpecError
from mlgitops.model.spec import duration


def moment(text: str) -> datetime:
    """The time that `2026-12-01T08:00:00Z`, or a day in UTC, names.

    Raises:
        SpecError: *text* is neither, or says no time zone.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _no_moment(text) from None
    if len(text) == len("2026-12-01"):
        return found.replace(tzinfo=UTC)
    if found.tzinfo is None:
        raise _no_moment(text)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise _no_moment(text) from None


def length(text: str) -> timedelta:
    """The length that `48h` or `90d` names.

    Raises:
        SpecError: *text* has another form, or is longer than can be reckoned with.
    """
    try:
        return duration(text)
    except OverflowError:
        raise _too_long(text) from None
    except ValueError:
        hint = "a whole number and one of m, h, d, w: `90d`"
        raise SpecError(f"{text!r} is not a duration such as 48h or 30d", hint=hint) from None


def before(now: datetime, text: str) -> datetime:
    """The time that was the length *text* before *now*.

    Raises:
        SpecError: as `length`, or there was no such time.
    """
    try:
        return now - length(text)
    except OverflowError:
        raise _too_long(text) from None


def _too_long(text: str) -> SpecError:
    return SpecError(f"{text!r} is longer than any calendar", hint="write fewer digits: `90d`")


def _no_moment(text: str) -> SpecError:
    return SpecError(f"{text!r} is no time", hint="write it as 2026-12-01T08:00:00Z")
