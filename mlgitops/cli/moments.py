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
    return found.astimezone(UTC)


def length(text: str) -> timedelta:
    """The length that `48h` or `90d` names.

    Raises:
        SpecError: *text* has another form.
    """
    try:
        return duration(text)
    except (ValueError, OverflowError) as error:
        raise SpecError(str(error), hint="a whole number and one of m, h, d, w: `90d`") from None


def _no_moment(text: str) -> SpecError:
    return SpecError(f"{text!r} is no time", hint="write it as 2026-12-01T08:00:00Z")
