"""Checks what files mean, together and each by itself; every fault with its place.

Expects documents whose shape is right. What the data alone can tell, such as
whether a column exists, is left to the run. A waiver that has expired is no
fault: it is a record of what was once accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from mlgitops.model.dataset import Dataset
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Kind, Project
from mlgitops.spec import examinations, gates, placement, references
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.problems import MOST_PER_FILE, did_you_mean, shown
from mlgitops.spec.yaml_tree import Path

_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]*@")
# Lists in which a second mention means a slip; `*` stands for every index.
_LISTS: tuple[tuple[Kind, Path], ...] = (
    (Kind.DATASET, ("spec", "keys")),
    (Kind.DATASET, ("spec", "afterTheFact")),
    (Kind.DATASET, ("spec", "join", "*", "on")),
    (Kind.PIPELINE, ("spec", "features", "columns")),
    (Kind.PIPELINE, ("spec", "evaluate", "metrics")),
    (Kind.PIPELINE, ("spec", "evaluate", "slices", "*", "by")),
    (Kind.PIPELINE, ("spec", "evaluate", "groups", "*", "by")),
    (Kind.PIPELINE, ("spec", "train", "code")),
    (Kind.PIPELINE, ("spec", "train", "requirements")),
)


def check(documents: Documents) -> list[Diagnostic]:
    """All faults of meaning."""
    found = [*references.check(documents), *gates.check(documents), *_repetitions(documents)]
    for document in documents:
        if not document.is_builtin:
            found += placement.check(document)
        match document.spec:
            case Project():
                found += _password(document, ("spec", "registry", "uri"))
            case Dataset():
                found += _dataset(document, document.spec)
            case Pipeline():
                found += _pipeline(document, document.spec)
            case _:
                pass
    return found


def _dataset(document: Document, dataset: Dataset) -> Iterator[Diagnostic]:
    yield from _joins(document, dataset)
    yield from _window(document, dataset)
    yield from _split(document, dataset)
    for source in dataset.sources:
        yield from _password(document, ("spec", "sources", source.name, "connection"))


def _joins(document: Document, dataset: Dataset) -> Iterator[Diagnostic]:
    first, *others = [source.name for source in dataset.sources]
    joined: set[str] = set()
    for path, join in document.items("spec", "join"):
        name = join["source"]
        place = (*path, "source")
        if name == first:
            hint = "the first source is the one that the others are joined to"
            yield document.fault(
                "SPEC305", place, f"{shown(name)} cannot be joined to itself", hint
            )
        elif name not in others:
            message = f"there is no source {shown(name)}"
            yield document.fault("SPEC305", place, message, did_you_mean(name, others))
        elif name in joined:
            yield document.fault("SPEC317", place, f"{shown(name)} is listed twice", "keep one")
        joined.add(name)
    for name in others:
        if name not in joined:
            path = ("spec", "sources", name)
            hint = f"add `{{source: {name}, on: [ … ]}}` to `join`, or remove the source"
            yield document.fault_of_key("SPEC319", path, "this source is never joined", hint)


def _window(document: Document, dataset: Dataset) -> Iterator[Diagnostic]:
    window = dataset.window
    if window is None:
        return
    path = ("spec", "window")
    is_ranged = window.start is not None or window.end is not None
    if is_ranged == (window.last is not None):
        hint = "keep `from` and `to`, or `last`"
        yield document.fault_of_key("SPEC320", path, "needs from and to, or last", hint)
    if window.start is not None and window.end is not None and window.start >= window.end:
        hint = "`from` is the first day kept, `to` the first day no longer kept"
        yield document.fault("SPEC320", (*path, "to"), f"no day lies in {_days(document)}", hint)
    if dataset.time is None:
        hint = "add `time:` and the column with the moment of each row"
        yield document.fault_of_key("SPEC315", path, "a window needs a time column", hint)


def _days(document: Document) -> str:
    window = document.at("spec", "window")
    return f"{window['from']} to {window['to']}"


def _split(document: Document, dataset: Dataset) -> Iterator[Diagnostic]:
    split = dataset.split
    path = ("spec", "split")
    if split.strategy in ("time", "group") and split.column is None:
        hint = "add `time:` to the dataset" if split.strategy == "time" else "add `column:`"
        message = f"a {split.strategy} split needs a {split.strategy} column"
        yield document.fault("SPEC315", (*path, "strategy"), message, hint)
    if split.strategy == "stratified" and split.column is not None:
        message = "a stratified split has no column: it goes by the label"
        hint = "remove it, or write `strategy: group`"
        yield document.fault_of_key("SPEC315", (*path, "column"), message, hint)
    if split.strategy != "time" and isinstance(document.at(*path, "holdout"), str):
        message = f"a {split.strategy} split takes a share, not a duration"
        yield document.fault("SPEC315", (*path, "holdout"), message, "write a share such as 0.2")


def _pipeline(document: Document, pipeline: Pipeline) -> Iterator[Diagnostic]:
    used = [(*one, False) for one in document.items("spec", "features", "columns")]
    for path, column, is_key in (*used, *examinations.columns(document)):
        if column == pipeline.label:
            fault = document.fault_of_key if is_key else document.fault
            message = f"{shown(column)} is the label"
            yield fault("SPEC318", path, message, "remove it: the model is to predict it")
    yield from islice(examinations.check(document, pipeline), MOST_PER_FILE)
    if pipeline.train.command is not None and not pipeline.train.code:
        path = ("spec", "train", "command")
        message = "no file of this command is known, so a change of it would go unseen"
        yield document.fault_of_key("SPEC323", path, message, "add `code:` and the files beside it")
    path = ("spec", "data", "positive")
    if document.at(*path) is not None and pipeline.task != "binary-classification":
        message = f"{pipeline.task} has no positive class"
        yield document.fault_of_key("SPEC324", path, message, "remove the key")


def _password(document: Document, path: Path) -> Iterator[Diagnostic]:
    uri = document.at(*path)
    if uri is not None and _PASSWORD.search(uri):
        hint = "change it, and write `env:NAME`, the environment variable that holds the URL"
        yield document.fault("SPEC322", path, "a password does not belong in git", hint)


def _repetitions(documents: Documents) -> Iterator[Diagnostic]:
    for kind, pattern in _LISTS:
        for document in documents.of(kind):
            for path in _expanded(document, pattern):
                again = _repeated(document, document.items(*path))
                yield from islice(again, MOST_PER_FILE)
    for policy in documents.of(Kind.POLICY):
        ids = [((*path, "id"), rule["id"]) for path, rule in policy.items("spec", "rules")]
        yield from _repeated(policy, ids, "give each rule an id of its own")
    for test in documents.of(Kind.POLICY_TEST):
        names = [((*path, "name"), case["name"]) for path, case in test.items("spec", "cases")]
        yield from _repeated(test, names, "give each case a name of its own")


def _expanded(document: Document, pattern: Path) -> list[Path]:
    if "*" not in pattern:
        return [pattern]
    star = pattern.index("*")
    return [(*path, *pattern[star + 1 :]) for path, _ in document.items(*pattern[:star])]


def _repeated(
    document: Document, items: Iterable[tuple[Path, str]], hint: str = "keep one"
) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for path, item in items:
        if item in seen:
            yield document.fault("SPEC317", path, f"{shown(item)} is listed twice", hint)
        seen.add(item)
