"""What other tools reported, as far as it can be told without knowing the tool."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mlgitops.model.evidence import Evidence
from mlgitops.reports.facts import (
    UNTOLD,
    Fact,
    Grid,
    Names,
    Section,
    Text,
    counted,
    names,
    not_asked,
)
from mlgitops.reports.numbers import count, size

_NAME = "Reports of other tools"


def other_tools(evidence: Evidence) -> Section:
    """The reports below `ext` by name, each with its size and its lists."""
    found = evidence["ext"]
    if not found:
        return Section((not_asked(_NAME, "evaluate.reports"),))
    said = (names(sorted(found)), ": policies judge them only where they name ", Names(("ext",)))
    return Section(
        facts=(Fact(_NAME, (*said, ".")),),
        grids=(
            Grid(
                noun="report of another tool",
                plural="reports of other tools",
                caption=("Reports of other tools; of the lists in them, how many items there are",),
                heads=("Report", "Size", "Lists"),
                rows=tuple(
                    ((Names((name,)),), (_size(found[name]),), _lists(found[name]))
                    for name in sorted(found)
                ),
                numeric=frozenset({1}),
            ),
        ),
    )


def _size(document: Any) -> str:
    """As JSON without spaces, which is how evidence holds it."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return size(len(text.encode(errors="replace")))


def _lists(document: Any) -> Text:
    """How many items stand below each key that has lists, wherever it stands."""
    totals: Counter[str] = Counter()
    for key, items in _found_lists("", document):
        totals[key] += items
    if not totals:
        return UNTOLD
    return counted(((key or "(top)",), count(total)) for key, total in totals.items())


def _found_lists(key: str, value: Any) -> Iterator[tuple[str, int]]:
    if isinstance(value, list):
        yield key, len(value)
        below = [("", item) for item in value if isinstance(item, dict)]
    else:
        below = list(value.items()) if isinstance(value, dict) else []
    for name, item in below:
        yield from _found_lists(name, item)
