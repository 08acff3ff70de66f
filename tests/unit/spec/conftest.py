from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Kind
from mlgitops.spec import shape
from mlgitops.spec.load import load, read_builtin, read_folder
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


@pytest.fixture
def codes(builtin: dict[str, str]) -> Callable[[Mapping[str, str]], list[str]]:
    """The code of each thing that is wrong with a repository's files, texts by path."""

    def found(files: Mapping[str, str]) -> list[str]:
        try:
            load(files, builtin)
        except SpecError as error:
            return [diagnostic.code for diagnostic in error.diagnostics]
        return []

    return found


@pytest.fixture
def errors(
    smallest: dict[str, str], codes: Callable[[Mapping[str, str]], list[str]]
) -> Callable[..., list[str]]:
    """Codes of what is wrong with a gate or binding added to the smallest repository."""

    def found(
        *,
        gate: str = "",
        binding: str = "",
        pipeline: str = "",
        policies: Mapping[str, str] | None = None,
    ) -> list[str]:
        files = dict(smallest)
        if gate:
            pipeline += f"  gates: [{gate}]\n"
        files["mlops/pipelines/churn.yaml"] += pipeline
        if binding:
            files["mlops/environments/production.yaml"] += f"spec: {{policies: [{binding}]}}\n"
        return codes(files | dict(policies or {}))

    return found
