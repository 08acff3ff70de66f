"""What the model is made of and costs, what changes for its callers, and its card."""

from __future__ import annotations

from collections.abc import Iterator

from mlgitops.model.evidence import Evidence
from mlgitops.reports.facts import (
    Fact,
    Grid,
    Names,
    Prose,
    Section,
    counted,
    missing,
    names,
    not_asked,
)
from mlgitops.reports.numbers import count, number, size
from mlgitops.reports.other_tools import other_tools


def model_facts(evidence: Evidence) -> Section:
    """Size, files, what loading imports, dependencies, signature, latency, cost, other tools."""
    tools = other_tools(evidence)
    return Section(
        facts=(
            _size(evidence),
            *_loading(evidence),
            _dependencies(evidence),
            *_signature(evidence),
            _latency(evidence),
            _cost(evidence),
            *tools.facts,
        ),
        grids=(*_files(evidence), *_requirements(evidence), *tools.grids),
    )


def card(evidence: Evidence) -> Section:
    """What the pipeline's spec tells those who will use the model."""
    found = evidence["card"]
    told = (
        ("Description", found["description"], "metadata.description"),
        ("Intended use", found["intended_use"], "card.intendedUse"),
        ("Limitations", found["limitations"], "card.limitations"),
        ("Licence", found["licence"], "card.licence"),
    )
    owners = (
        Fact("Owners", (names(found["owners"]),))
        if found["owners"]
        else missing("Owners", "Not stated: ", Names(("metadata.owners",)), ".")
    )
    return Section(
        (
            *(
                Fact(name, (Prose(value),))
                if value
                else missing(name, "Not stated: ", Names((key,)), ".")
                for name, value, key in told
            ),
            owners,
        )
    )


def _size(evidence: Evidence) -> Fact:
    files, formats = evidence["artifact"]["files"], evidence["artifact"]["formats"]
    whole = f"{size(evidence['subject']['size_bytes'])} in {count(len(files), 'file')}"
    if not formats:
        return Fact("Size", (f"{whole}; no format was recognised.",))
    return Fact("Size", (f"{whole}: ", names(formats), "."))


def _loading(evidence: Evidence) -> Iterator[Fact]:
    imports, unreadable = evidence["artifact"]["globals"], evidence["artifact"]["unreadable"]
    if imports:
        yield Fact("Loading it imports", (names(imports), "."))
    else:
        yield Fact("Loading it imports", ("Nothing that a pickle names.",))
    if unreadable:
        text = (names(unreadable), ": perhaps pickles, and they could not be read as such.")
        yield Fact("Not readable", text, "worse")


def _dependencies(evidence: Evidence) -> Fact:
    found = evidence["dependencies"]
    if not found:
        return missing("Dependencies", "None is recorded with the model.")
    unnamed = [one["name"] for one in found if not one["licence"]]
    if unnamed:
        listed = (f"{count(len(found))}; without a licence: ", names(unnamed), ".")
        return Fact("Dependencies", listed, "worse")
    return Fact("Dependencies", (f"{count(len(found))}, each with a licence.",))


def _signature(evidence: Evidence) -> Iterator[Fact]:
    name = "Signature against the champion"
    if "compatibility" not in evidence:
        why = (
            "No champion is released, so there is nothing to compare with."
            if evidence["champion"] is None
            else "Not computed."
        )
        yield missing(name, why)
        return
    found = evidence["compatibility"]
    retyped = [f"{one['name']}: {one['before']} → {one['after']}" for one in found["retyped"]]
    for said, listed in (
        ("Callers must also send ", found["added"]),
        ("Of another type now: ", retyped),
        ("No longer used: ", found["removed"]),
    ):
        if listed:
            yield Fact(name, (said, names(listed), "."), "worse")
    if found["outputs_changed"]:
        yield Fact(name, ("What callers get back has changed.",), "worse")
    if not (found["added"] or found["removed"] or retyped or found["outputs_changed"]):
        yield Fact(name, ("The same inputs and outputs.",))


def _latency(evidence: Evidence) -> Fact:
    if "latency" not in evidence:
        return not_asked("Latency", "evaluate.latencyCalls")
    told = evidence["latency"]
    half, most = number(told["p50_ms"], 100.0), number(told["p95_ms"], 100.0)
    calls = count(told["calls"], "call")
    return Fact("Latency", (f"{half} ms for one row, 95% within {most} ms, over {calls}.",))


def _cost(evidence: Evidence) -> Fact:
    told = evidence["cost"]
    if not told["seconds"]:
        return missing("Cost of making it", "No time was recorded.")
    steps = counted(((step,), f"{seconds:,.1f} s") for step, seconds in told["seconds"].items())
    return Fact("Cost of making it", (f"{told['total_seconds']:,.1f} s: ", *steps, "."))


def _files(evidence: Evidence) -> Iterator[Grid]:
    files = sorted(evidence["artifact"]["files"], key=lambda one: (-one["size_bytes"], one["path"]))
    if files:
        yield Grid(
            noun="file",
            plural="files",
            caption=("Files of the model, largest first",),
            heads=("File", "Size"),
            rows=tuple(((Names((one["path"],)),), (size(one["size_bytes"]),)) for one in files),
            numeric=frozenset({1}),
        )


def _requirements(evidence: Evidence) -> Iterator[Grid]:
    found = evidence["dependencies"]
    if found:
        yield Grid(
            noun="dependency",
            plural="dependencies",
            caption=("What the model requires",),
            heads=("Package", "Version", "Licence"),
            rows=tuple(
                (
                    (Names((one["name"],)),),
                    (Names((one["version"],)) if one["version"] else "not pinned",),
                    (Names((one["licence"],)) if one["licence"] else "not named",),
                )
                for one in found
            ),
            numeric=frozenset(),
        )
