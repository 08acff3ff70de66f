"""Whether what a pipeline asks to be examined makes sense: its `evaluate` block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mlgitops.model.metrics import METRICS
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.source import Diagnostic
from mlgitops.spec.documents import Document
from mlgitops.spec.problems import shown
from mlgitops.spec.yaml_tree import Path

_EVALUATE: Path = ("spec", "evaluate")
_CUTS = ("slices", "groups")
# Factors that change nothing, or leave nothing.
_IDLE = (0, 1)


def check(document: Document, pipeline: Pipeline) -> Iterator[Diagnostic]:
    """Faults of slices, groups, functions, perturbations and seeds."""
    for key in _CUTS:
        yield from _cuts(document, pipeline, (*_EVALUATE, key))
    yield from _functions(document)
    yield from _perturbations(document)
    yield from _seeds(document, pipeline)


def columns(document: Document) -> Iterator[tuple[Path, str, bool]]:
    """Place and name of each column that the block names; whether it is a key of a mapping."""
    for key in _CUTS:
        for path, cut in document.items(*_EVALUATE, key):
            for place, column in document.items(*path, "by"):
                yield place, column, False
            for column in cut.get("where", {}):
                yield (*path, "where", column), column, True
    cluster = document.at(*_EVALUATE, "cluster")
    if cluster is not None:
        yield (*_EVALUATE, "cluster"), cluster, False
    for path, how in _entries(document, (*_EVALUATE, "perturbations")):
        for place, column in document.items(*path, "unseen"):
            yield place, column, False
        for column in how.get("scale", {}):
            yield (*path, "scale", column), column, True


def _cuts(document: Document, pipeline: Pipeline, block: Path) -> Iterator[Diagnostic]:
    yield from _repeated_cuts(document, block)
    for path, cut in document.items(*block):
        if "minPositives" in cut and pipeline.task != "binary-classification":
            message = f"{pipeline.task} has no positive class"
            place = (*path, "minPositives")
            yield document.fault_of_key("SPEC324", place, message, "remove the key")
        for column, condition in cut.get("where", {}).items():
            yield from _condition(document, (*path, "where", column), condition)


def _repeated_cuts(document: Document, block: Path) -> Iterator[Diagnostic]:
    """Two slices of one name, or two cuts by the same columns in whatever order."""
    seen: set[str | frozenset[str]] = set()
    for path, cut in document.items(*block):
        key = "by" if "by" in cut else "name"
        one = frozenset(cut["by"]) if key == "by" else cut["name"]
        if one in seen:
            title = ", ".join(cut["by"]) if key == "by" else one
            message = f"{shown(title)} is listed twice"
            yield document.fault("SPEC317", (*path, key), message, "keep one")
        seen.add(one)


def _condition(document: Document, path: Path, condition: Any) -> Iterator[Diagnostic]:
    if isinstance(condition, list):
        yield from _repeated_values(document, path, condition)
    if not isinstance(condition, dict):
        return
    least, below = condition.get("atLeast"), condition.get("below")
    if least is not None and below is not None and least >= below:
        message = f"no number is at least {shown(least)} and below {shown(below)}"
        hint = "`atLeast` is the first number inside, `below` the first one outside"
        yield document.fault("SPEC344", (*path, "below"), message, hint)


def _repeated_values(document: Document, path: Path, values: list[Any]) -> Iterator[Diagnostic]:
    # With the type, for `true` equals 1.
    seen: set[tuple[type, Any]] = set()
    for index, value in enumerate(values):
        key = (type(value), value)
        if key in seen:
            message = f"{shown(value)} is listed twice"
            yield document.fault("SPEC317", (*path, index), message, "keep one")
        seen.add(key)


def _functions(document: Document) -> Iterator[Diagnostic]:
    for path, _ in _entries(document, (*_EVALUATE, "functions")):
        if path[-1] in METRICS:
            message = f"{shown(path[-1])} is a built-in metric"
            hint = "choose another name; a built-in metric cannot be replaced"
            yield document.fault_of_key("SPEC342", path, message, hint)


def _perturbations(document: Document) -> Iterator[Diagnostic]:
    for path, how in _entries(document, (*_EVALUATE, "perturbations")):
        yield from _repeated_values(document, (*path, "unseen"), how.get("unseen", []))
        for column, factor in how.get("scale", {}).items():
            if factor in _IDLE:
                message = f"times {shown(factor)} {'changes' if factor else 'leaves'} nothing"
                hint = "write the factor of a change of unit, such as 1000"
                yield document.fault("SPEC343", (*path, "scale", column), message, hint)


def _seeds(document: Document, pipeline: Pipeline) -> Iterator[Diagnostic]:
    seen: set[int] = set()
    for path, seed in document.items(*_EVALUATE, "seeds"):
        if seed == pipeline.train.seed:
            message = f"{shown(seed)} is the candidate's own seed"
            hint = "remove it: the candidate counts already"
            yield document.fault("SPEC317", path, message, hint)
        elif seed in seen:
            yield document.fault("SPEC317", path, f"{shown(seed)} is listed twice", "keep one")
        seen.add(seed)


def _entries(document: Document, path: Path) -> Iterable[tuple[Path, Any]]:
    """Path and value of each entry of the mapping at *path*."""
    return [((*path, name), value) for name, value in (document.at(*path) or {}).items()]
