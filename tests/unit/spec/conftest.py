from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.spec import Kind
from mlgitops.spec import shape
from mlgitops.spec.load import read_builtin, read_folder
from mlgitops.spec.yaml_tree import parse

GOOD = Path(__file__).parents[2] / "acceptance" / "specs" / "good"


@pytest.fixture(scope="session")
def everything() -> dict[str, str]:
    """A repository that uses every key of every kind."""
    return read_folder(GOOD / "everything")


@pytest.fixture(scope="session")
def smallest() -> dict[str, str]:
    """A repository with nothing that could be left out."""
    return read_folder(GOOD / "smallest")


@pytest.fixture(scope="session")
def builtin() -> dict[str, str]:
    return read_builtin()


@pytest.fixture(scope="session")
def values(everything: dict[str, str], builtin: dict[str, str]) -> list[tuple[Kind, Any]]:
    """Kind and value of every file of *everything* and of the policy pack."""
    trees = [parse(text, path) for path, text in {**everything, **builtin}.items()]
    return [(kind, tree.value) for tree in trees if (kind := shape.kind_of(tree))]
