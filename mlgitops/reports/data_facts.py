"""What is known of the data besides its expectations: drift, use of the holdout, leaks."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from mlgitops.model.evidence import Evidence
from mlgitops.model.examinations import Drift
from mlgitops.reports.facts import (
    Fact,
    Grid,
    Names,
    Section,
    Text,
    counted,
    missing,
    names,
)
from mlgitops.reports.numbers import count, number

# What the policy `data-drift` lets pass by default; the source is in docs/statistics.md.
SHIFT = 0.2
_SOME = 0.1
_NO_TIME = ("Not asked for: ", Names(("time",)), " of the dataset names the column.")


def data_facts(evidence: Evidence) -> Section:
    """Against the champion's data, against the clock, and against the training rows."""
    shifts = evidence.get("drift", [])
    return Section(
        facts=(
            *_drift(evidence),
            _holdout(evidence),
            *_clock(evidence),
            _clusters(evidence),
            _licence(evidence),
        ),
        grids=(_columns(shifts),) if shifts else (),
    )


def shifted(evidence: Evidence) -> list[str]:
    """Columns that do not hold what they held for the champion, strongest first.

    Before all others those whose kind of values changed, which no index tells.
    """
    found = sorted(evidence.get("drift", []), key=_order)
    return [one["column"] for one in found if one.get("psi", inf) > SHIFT]


def _order(shift: Drift) -> tuple[float, str]:
    return -shift.get("psi", inf), shift["column"]


def _drift(evidence: Evidence) -> Iterator[Fact]:
    name = "Drift against the champion's data"
    if "drift" not in evidence:
        if evidence["champion"] is None:
            yield missing(name, "No champion is released, so there is nothing to compare with.")
        else:
            why = "Not computed: the champion's evidence is not in git, or not what was released."
            yield missing(name, why)
        return
    columns = evidence["drift"]
    if not columns:
        yield missing(name, "Not defined on these rows: no column could be compared.")
        return
    indices = {one["column"]: one["psi"] for one in columns if "psi" in one}
    other = [one["column"] for one in columns if "psi" not in one]
    far = [column for column in shifted(evidence) if column in indices]
    compared = count(len(indices), "column")
    if other:
        text = f"Not comparable, since {count(len(other), 'column')} held another kind of values: "
        yield Fact(name, (text, names(other), "."), "worse")
    if far:
        text = f"{len(far):,} of {compared} beyond {SHIFT}: "
        yield Fact(name, (text, names(far), "."), "worse")
    elif indices:
        strongest = max(indices, key=indices.__getitem__)
        told = (" reaches ", number(indices[strongest]), f" at most, of {compared}.")
        yield Fact(name, ("The stability index of ", Names((strongest,)), *told))


def _columns(shifts: list[Drift]) -> Grid:
    ordered = sorted(shifts, key=_order)
    return Grid(
        noun="column against the champion",
        plural="columns against the champion",
        caption=(f"Population stability index against the champion's data; {SHIFT} is a shift",),
        heads=("Column", "Index", "Reading"),
        rows=tuple(
            ((Names((one["column"],)),), (_index(one),), (_reading(one.get("psi")),))
            for one in ordered
        ),
        numeric=frozenset({1}),
        bars=tuple(min(1.0, one.get("psi", inf) / SHIFT) for one in ordered),
    )


def _index(shift: Drift) -> str:
    return number(shift["psi"]) if "psi" in shift else "not comparable"


def _reading(psi: float | None) -> str:
    if psi is None:
        return "another kind of values"
    if psi > SHIFT:
        return "shifted"
    return "some change" if psi > _SOME else "as before"


def _holdout(evidence: Evidence) -> Fact:
    use = evidence["holdout"]
    if "candidates" not in use:
        return missing("Use of the holdout", "Not known: the registry did not answer.")
    judged = count(use["candidates"], "candidate")
    return Fact("Use of the holdout", (f"It has judged {judged}, this one included.",))


def _clock(evidence: Evidence) -> Iterator[Fact]:
    leakage = evidence["leakage"]
    if "look_ahead" not in leakage:
        yield missing("Columns that look ahead", *_NO_TIME)
    elif leakage["look_ahead"]:
        found = leakage["look_ahead"]
        listed = counted(((one["column"],), count(one["rows"], "row")) for one in found)
        text: Text = ("Later than their own row: ", *listed, ".")
        yield Fact("Columns that look ahead", text, "worse")
    else:
        yield Fact("Columns that look ahead", ("None is later than its own row.",))
    if "early_rows" not in leakage:
        yield missing("Holdout rows older than train", *_NO_TIME)
        return
    early, is_by_time = leakage["early_rows"], evidence["data"]["split"]["strategy"] == "time"
    yield Fact(
        "Holdout rows older than train",
        (f"{count(early, 'row')} older than the newest of train.",),
        "worse" if early and is_by_time else "plain",
    )


def _clusters(evidence: Evidence) -> Fact:
    leakage = evidence["leakage"]
    if "shared_groups" not in leakage:
        why = ("Not asked for: ", Names(("evaluate.cluster",)), " or a group split names them.")
        return missing("Clusters on both sides", *why)
    shared = leakage["shared_groups"]
    text = f"{count(shared, 'cluster')} with rows in train and in the holdout."
    return Fact("Clusters on both sides", (text,), "worse" if shared else "plain")


def _licence(evidence: Evidence) -> Fact:
    name, licence = "Licence of the data", evidence["data"].get("licence")
    if not licence:
        return missing(name, "Not stated: ", Names(("licence",)), " of the dataset.")
    return Fact(name, (Names((licence,)),))
