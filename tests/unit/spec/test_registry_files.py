from __future__ import annotations

import pytest

from mlgitops.model.spec import Kind, Project
from mlgitops.spec import registry_files
from mlgitops.spec.decode import decode
from mlgitops.spec.yaml_tree import parse

HEAD = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: shop}\n"


def found(address: str, *tracked: str) -> list[tuple[str, str]]:
    """The text of each place found, and its message, where git tracks just *tracked*."""
    text = HEAD + (f"spec:\n  registry: {{{address}}}\n" if address else "")
    project = decode(Kind.PROJECT, parse(text, "mlgitops.yaml").value)
    assert isinstance(project, Project)
    problems = registry_files.check(project, text, tracked.__contains__)
    return [
        (text[one.span.start : one.span.end], one.message.partition(",")[0])
        for one in problems
        if one.span
    ]


def test_the_defaults_are_in_the_repository() -> None:
    assert found("", "mlflow.db", "mlartifacts") == [
        ("shop", "metadata.name: git tracks mlflow.db"),
        ("shop", "metadata.name: git tracks mlartifacts"),
    ]
    assert found("", "mlflow.db.txt") == []


def test_the_address_that_is_written_is_the_place() -> None:
    address = "uri: 'sqlite:///state/r.db', artifacts: ./state/models/"

    assert found(address, "state/r.db", "state/models") == [
        ("'sqlite:///state/r.db'", "spec.registry.uri: git tracks state/r.db"),
        ("./state/models/", "spec.registry.artifacts: git tracks state/models"),
    ]


@pytest.mark.parametrize(
    "address",
    [
        "uri: 'env:MLFLOW_TRACKING_URI'",
        "uri: 'https://mlflow.example.org'",
        "uri: 'sqlite:////srv/mlflow.db', artifacts: 's3://models'",
        "uri: 'sqlite:///../mlflow.db', artifacts: /srv/models",
        "uri: 'sqlite:///../mlflow.db', artifacts: '.'",
        "uri: 'sqlite:///../mlflow.db', artifacts: 'env:MODELS'",
    ],
)
def test_what_is_elsewhere_is_not_asked_for(address: str) -> None:
    text = HEAD + f"spec:\n  registry: {{{address}}}\n"
    project = decode(Kind.PROJECT, parse(text, "mlgitops.yaml").value)
    assert isinstance(project, Project)

    assert list(registry_files.check(project, text, lambda _path: True)) == []
