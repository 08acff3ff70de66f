"""Whether the names that files refer to exist, and the chain of environments ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Kind
from mlgitops.spec.documents import Document, Documents
from mlgitops.spec.problems import did_you_mean, shown
from mlgitops.spec.yaml_tree import Path

# Kind of the file, where it names another, and what kind that is.
_REFERENCES: tuple[tuple[Kind, Path, Kind], ...] = (
    (Kind.PIPELINE, ("spec", "data", "dataset"), Kind.DATASET),
    (Kind.ENVIRONMENT, ("spec", "from"), Kind.ENVIRONMENT),
    (Kind.RELEASE, ("spec", "environment"), Kind.ENVIRONMENT),
    (Kind.RELEASE, ("metadata", "name"), Kind.PIPELINE),
    (Kind.WAIVER, ("spec", "model"), Kind.PIPELINE),
    (Kind.WAIVER, ("spec", "policy"), Kind.POLICY),
    (Kind.POLICY_TEST, ("spec", "policy"), Kind.POLICY),
)
_CODES = {
    Kind.DATASET: "SPEC301",
    Kind.POLICY: "SPEC302",
    Kind.ENVIRONMENT: "SPEC303",
    Kind.PIPELINE: "SPEC304",
}
# What the registry takes as an alias; see `alias` in environment.schema.json.
_ALIAS = re.compile(r"(?!v[0-9]+\Z)(?!latest\Z)[a-z0-9_-]+")


def check(documents: Documents) -> Iterator[Diagnostic]:
    """Faults between files: names that point nowhere, cycles, names taken twice."""
    for kind, path, target in _REFERENCES:
        known = documents.named(target)
        for document in documents.of(kind):
            name = document.at(*path)
            if name is not None and name not in known:
                yield unknown(document, path, target, known)
    yield from _cycles(documents)
    yield from _aliases(documents)
    yield from _taken_policies(documents)


def unknown(
    document: Document, path: Path, target: Kind, known: Mapping[str, Document]
) -> Diagnostic:
    """The fault of a name at *path* that no file of the kind *target* has."""
    name = document.at(*path)
    what = "model" if target is Kind.PIPELINE else target.lower()
    message = f"there is no {what} {shown(name)}"
    hint = did_you_mean(name, known)
    if document.kind is Kind.RELEASE and target is Kind.PIPELINE and document.at("spec", "desired"):
        hint = (
            f"{hint}; to take the model away, keep its pipeline until `desired: null` is reconciled"
        )
    return document.fault(_CODES[target], path, message, hint)


def _cycles(documents: Documents) -> Iterator[Diagnostic]:
    environments = documents.named(Kind.ENVIRONMENT)
    seen: set[str] = set()
    for start in environments:
        walked: list[str] = []
        name = start
        while name in environments and name not in seen:
            seen.add(name)
            walked.append(name)
            name = environments[name].at("spec", "from")
        if name in walked:
            circle = [*walked[walked.index(name) :], name]
            yield environments[name].fault(
                "SPEC306",
                ("spec", "from"),
                f"the chain goes in a circle: {' → '.join(circle)}",
                "remove `from` from the environment that comes first",
            )


def _aliases(documents: Documents) -> Iterator[Diagnostic]:
    taken: dict[str, str] = {}
    for document in documents.of(Kind.ENVIRONMENT):
        written = document.at("spec", "alias")
        path: Path = ("spec", "alias") if written else ("metadata", "name")
        alias = written or document.name
        if not written and not _ALIAS.fullmatch(alias):
            message = f"{shown(alias)} cannot be an alias in the registry"
            yield document.fault("SPEC326", path, message, "add `alias:` under `spec`")
        if alias in taken:
            message = f"the alias {shown(alias)} is the one of {taken[alias]}"
            yield document.fault("SPEC307", path, message, "give each environment its own alias")
        taken.setdefault(alias, document.name)


def _taken_policies(documents: Documents) -> Iterator[Diagnostic]:
    builtin = {policy.name for policy in documents.of(Kind.POLICY) if policy.is_builtin}
    for document in documents.of(Kind.POLICY):
        if not document.is_builtin and document.name in builtin:
            message = f"{shown(document.name)} is a built-in policy"
            hint = "choose another name; a built-in policy cannot be replaced"
            yield document.fault("SPEC316", ("metadata", "name"), message, hint)
