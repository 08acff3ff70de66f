"""Whether each file stands where its kind and name say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Kind
from mlgitops.spec.documents import Document

PROJECT_FILE = "mlgitops.yaml"
SPEC_FOLDER = "mlops"
EVIDENCE_FOLDER = "mlops/evidence"
FOLDERS: Mapping[Kind, str] = {
    Kind.DATASET: "mlops/datasets",
    Kind.PIPELINE: "mlops/pipelines",
    Kind.POLICY: "mlops/policies",
    Kind.ENVIRONMENT: "mlops/environments",
    Kind.RELEASE: "mlops/releases",
    Kind.WAIVER: "mlops/waivers",
    Kind.POLICY_TEST: "mlops/policy-tests",
}


def check(document: Document) -> Iterator[Diagnostic]:
    """Faults of the file's folder and name, against what is written in it."""
    if document.kind is Kind.PROJECT:
        expected = PROJECT_FILE
    elif document.kind is Kind.RELEASE:
        expected = f"{FOLDERS[Kind.RELEASE]}/{document.at('spec', 'environment')}/"
    else:
        expected = f"{FOLDERS[document.kind]}/"
    path = PurePosixPath(document.file)
    if document.kind is Kind.PROJECT:
        if document.file != PROJECT_FILE:
            yield _misplaced(document, expected)
    elif f"{path.parent}/" != expected:
        yield _misplaced(document, f"{expected}{document.name}.yaml")
    elif path.stem != document.name:
        yield document.fault(
            "SPEC314",
            ("metadata", "name"),
            f"the file is called {path.name}",
            f"call the file {document.name}.yaml, or the {document.kind.lower()} {path.stem}",
        )
    if document.kind is Kind.RELEASE and document.at("spec", "model") not in (None, document.name):
        hint = f"write {document.name}, or remove the key"
        yield document.fault("SPEC314", ("spec", "model"), "metadata.name is another model", hint)


def _misplaced(document: Document, expected: str) -> Diagnostic:
    environment = document.at("spec", "environment")
    is_in_releases = document.file.startswith(f"{FOLDERS[Kind.RELEASE]}/")
    if document.kind is Kind.RELEASE and is_in_releases:
        message = f"a release to {environment} belongs in {PurePosixPath(expected).parent}"
        return document.fault("SPEC313", ("spec", "environment"), message, f"move it to {expected}")
    message = f"a file of this kind does not belong in {PurePosixPath(document.file).parent}"
    return document.fault("SPEC313", ("kind",), message, f"move it to {expected}")
