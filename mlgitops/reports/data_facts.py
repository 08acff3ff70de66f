"""What is known of the data besides its expectations: drift, use of the holdout, leaks."""

from __future__ import annotations

from collections.abc import Iterator

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

# What is usually called a shift; the source is in docs/statistics.md.
SHIFT = 0.25
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
            _groups(evidence),
            _licence(evidence),
        ),
        grids=(_columns(shifts),) if shifts else (),
    )


def shifted(evidence: Evidence) -> list[str]:
    """Columns whose distribution is not what it was for the champion, strongest first."""
    found = sorted(evidence.get("drift", []), key=lambda one: -one["psi"])
    return [one["column"] for one in found if one["psi"] > SHIFT]


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
    far = shifted(evidence)
    strongest = max(columns, key=lambda one: one["psi"])
    compared = count(len(columns), "column")
    if far:
        yield Fact(
            name,
            (f"{len(far):,} of {compared} beyond {SHIFT}: ", names(far), "."),
            "worse",
        )
    else:
        told = (" reaches ", number(strongest["psi"]), f" at most, of {compared}.")
        yield Fact(name, ("The stability index of ", Names((strongest["column"],)), *told))


def _columns(shifts: list[Drift]) -> Grid:
    ordered = sorted(shifts, key=lambda one: (-one["psi"], one["column"]))
    return Grid(
        noun="column against the champion",
        plural="columns against the champion",
        caption=(f"Population stability index against the champion's data; {SHIFT} is a shift",),
        heads=("Column", "Index", "Reading"),
        rows=tuple(
            ((Names((one["column"],)),), (number(one["psi"]),), (_reading(one["psi"]),))
            for one in ordered
        ),
        numeric=frozenset({1}),
        bars=tuple(min(1.0, one["psi"] / SHIFT) for one in ordered),
    )


def _reading(psi: float) -> str:
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


def _groups(evidence: Evidence) -> Fact:
    leakage = evidence["leakage"]
    if "shared_groups" not in leakage:
        why = ("Not asked for: ", Names(("evaluate.cluster",)), " or a group split names them.")
        return missing("Groups on both sides", *why)
    shared = leakage["shared_groups"]
    text = f"{count(shared, 'group')} with rows in train and in the holdout."
    return Fact("Groups on both sides", (text,), "worse" if shared else "plain")


def _licence(evidence: Evidence) -> Fact:
    name, licence = "Licence of the data", evidence["data"].get("licence")
    if not licence:
        return missing(name, "Not stated: ", Names(("licence",)), " of the dataset.")
    return Fact(name, (Names((licence,)),))
