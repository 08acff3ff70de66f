"""Faults are in tests/acceptance/specs/bad/SPEC313-*, SPEC314-*; here is what is none."""

import pytest

from mlgitops.model.spec import Kind
from mlgitops.spec import placement
from mlgitops.spec.decode import decode
from mlgitops.spec.documents import Document
from mlgitops.spec.yaml_tree import parse

BODIES = {
    Kind.ENVIRONMENT: "{}",
    Kind.RELEASE: "{environment: dev, desired: null}",
    Kind.PROJECT: "{}",
}


def codes(kind, name, file):
    text = f"apiVersion: mlgitops.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {BODIES[kind]}\n"
    tree = parse(text, file)
    return [one.code for one in placement.check(Document(tree, kind, decode(kind, tree.value)))]


@pytest.mark.parametrize(
    ("kind", "name", "file", "expected"),
    [
        (Kind.PROJECT, "any-name", "mlgitops.yaml", []),
        (Kind.PROJECT, "p", "mlops/mlgitops.yaml", ["SPEC313"]),
        (Kind.ENVIRONMENT, "dev", "mlops/environments/dev.yaml", []),
        (Kind.ENVIRONMENT, "eu.west-1", "mlops/environments/eu.west-1.yaml", []),
        (Kind.ENVIRONMENT, "dev", "mlgitops.yaml", ["SPEC313"]),
        (Kind.ENVIRONMENT, "dev", "mlops/environments/prod.yaml", ["SPEC314"]),
        (Kind.ENVIRONMENT, "dev", "mlops/environments/eu/dev.yaml", ["SPEC313"]),
        (Kind.RELEASE, "m", "mlops/releases/dev/m.yaml", []),
        (Kind.RELEASE, "m", "mlops/releases/m.yaml", ["SPEC313"]),
        (Kind.RELEASE, "m", "mlops/releases/prod/m.yaml", ["SPEC313"]),
        (Kind.RELEASE, "m", "mlops/releases/dev/n.yaml", ["SPEC314"]),
    ],
)
def test_a_file_stands_where_its_kind_and_name_say(kind, name, file, expected):
    assert codes(kind, name, file) == expected
