"""Why a rule does not pass, in one sentence for each condition; raw text, as all of it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlgitops.model.verdict import Finding
from mlgitops.reports.numbers import count, number

_ASKED: Mapping[str, str] = {
    ">=": "at least {} is asked",
    ">": "more than {} is asked",
    "<=": "at most {} is asked",
    "<": "less than {} is asked",
    "==": "{} is asked",
    "!=": "anything but {} is asked",
    "in": "one of {} is asked",
}


def sentence(finding: Finding) -> str:
    """`metrics.roc_auc.low is 0.6100, at least 0.6200 is asked`, without a full stop."""
    if finding.error:
        return f"{finding.expression} cannot be judged: {finding.error}"
    if finding.offending:
        share = f"{finding.offending:,} of {count(finding.items, 'item')} in {finding.source}"
        return f"{share}{_named(finding)} (asked of each: {finding.expression})"
    if finding.operator:
        left, right = finding.left, finding.right
        asked = _ASKED.get(finding.operator, "{} is asked").format(_shown(right, left))
        return f"{finding.source} is {_shown(left, right)}, {asked}"
    return f"{finding.expression} is not true"


def _named(finding: Finding) -> str:
    """`: a, b and 3 more`; nothing where no item has a name."""
    if not finding.offenders:
        return ""
    more = finding.offending - len(finding.offenders)
    return f": {', '.join(finding.offenders)}" + (f" and {more:,} more" if more else "")


def _shown(value: Any, beside: Any) -> str:
    """*value* with the decimals that it shares with what it is compared with."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if value == 0:
            return "0"
        others = [beside] if _is_number(beside) else []
        if all(float(one).is_integer() for one in (value, *others)):
            return number(value, 1e4) if abs(value) < 1e9 else number(value)
        return number(value, *others)
    if isinstance(value, list):
        return ", ".join(_shown(item, None) for item in value) or "none"
    return '""' if value == "" else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
