"""How far groups of the holdout are apart, and which were too small to compare."""

from __future__ import annotations

from collections.abc import Iterator

from mlgitops.model.evidence import Evidence
from mlgitops.model.examinations import Fairness, Group
from mlgitops.reports.comparison import slice_parts
from mlgitops.reports.facts import (
    UNTOLD,
    Fact,
    Grid,
    Names,
    Section,
    Text,
    counted,
    measured,
    missing,
    names,
    not_asked,
)
from mlgitops.reports.numbers import count


def fairness(evidence: Evidence) -> Section:
    """The widest gap of every comparison that was asked for, and all gaps and rates."""
    found = evidence["fairness"]
    if not found:
        return Section((not_asked("Fairness", "evaluate.groups"),))
    return Section(
        facts=tuple(fact for one in found.values() for fact in _facts(one)),
        grids=tuple(grid for one in found.values() for grid in (*_gaps(one), _groups(one))),
    )


def _facts(found: Fairness) -> Iterator[Fact]:
    by = names(found["by"])
    judged = sum(1 for group in found["groups"] if group["rates"])
    if found["gaps"]:
        rate = max(found["gaps"], key=lambda name: found["gaps"][name]["difference"]["value"])
        gap = found["gaps"][rate]
        text: Text = (
            *("By ", by, ": widest in ", Names((rate,)), ", ", *measured(gap["difference"])),
            *(" from ", _group(gap["smallest"]), " to ", _group(gap["largest"])),
            f", of {count(judged, 'group')}.",
        )
        yield Fact("Fairness", text)
    else:
        yield missing("Fairness", "By ", by, ": no rate is known of two groups.")
    small = [group for group in found["groups"] if not group["rates"]]
    if small:
        listed = counted((slice_parts(one["name"]), count(one["n"], "row")) for one in small)
        yield missing("Fairness", "By ", by, ": too small to judge: ", *listed, ".")


def _group(name: str) -> Names:
    return Names(slice_parts(name))


def _gaps(found: Fairness) -> Iterator[Grid]:
    if not found["gaps"]:
        return
    yield Grid(
        noun="gap between groups",
        plural="gaps between groups",
        caption=(
            "Gaps between groups by ",
            names(found["by"]),
            "; a ratio is smallest over largest",
        ),
        heads=("Rate", "Smallest in", "Largest in", "Difference", "Ratio", "Rows", "Method"),
        rows=tuple(
            (
                (Names((rate,)),),
                (_group(gap["smallest"]),),
                (_group(gap["largest"]),),
                measured(gap["difference"]),
                measured(gap["ratio"]) if "ratio" in gap else UNTOLD,
                (count(gap["difference"]["n"]),),
                (Names((gap["difference"]["method"],)),),
            )
            for rate, gap in found["gaps"].items()
        ),
        numeric=frozenset({3, 4, 5}),
    )


def _groups(found: Fairness) -> Grid:
    rates = list(dict.fromkeys(rate for group in found["groups"] for rate in group["rates"]))
    return Grid(
        noun="rate of a group",
        plural="rates of groups",
        caption=("Rates of groups by ", names(found["by"])),
        heads=("Group", "Rows", "Positive", "Rate", "Value"),
        rows=tuple(line for group in found["groups"] for line in _rates(group, rates)),
        numeric=frozenset({1, 2, 4}),
    )


def _rates(group: Group, rates: list[str]) -> Iterator[tuple[Text, ...]]:
    positives = (count(group["positives"]),) if "positives" in group else UNTOLD
    start = ((_group(group["name"]),), (count(group["n"]),), positives)
    if not group["rates"]:
        yield (*start, UNTOLD, ("too few rows to judge",))
        return
    for rate in rates:
        known = group["rates"].get(rate)
        value = measured(known) if known else ("not defined on these rows",)
        yield (*start, (Names((rate,)),), value)
