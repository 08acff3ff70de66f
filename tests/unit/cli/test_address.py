from __future__ import annotations

import pytest

from mlgitops.cli.address import local_places, registry_at, resolved
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import RegistryAddress


def test_a_plain_value_is_itself() -> None:
    assert resolved("sqlite:///mlflow.db", {}) == "sqlite:///mlflow.db"


def test_env_stands_for_a_variable() -> None:
    assert resolved("env:WHERE", {"WHERE": "http://mlflow"}) == "http://mlflow"


@pytest.mark.parametrize("environ", [{}, {"WHERE": ""}])
def test_a_variable_that_is_not_set_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SpecError, match="WHERE, which is not set"):
        resolved("env:WHERE", environ)


def test_a_registry_is_named_without_being_opened(tmp_path) -> None:
    environ = {"WHERE": "sqlite:///mlflow.db"}

    registry = registry_at(RegistryAddress("env:WHERE", "mlartifacts"), tmp_path, environ)

    assert registry.observe() == {}
    assert environ == {"WHERE": "sqlite:///mlflow.db"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("uri", "artifacts", "places"),
    [
        ("sqlite:///mlflow.db", "mlartifacts", ["mlflow.db", "mlartifacts"]),
        ("env:WHERE", "mlartifacts", []),  # a server keeps the files itself
        ("env:WHERE", "/srv/the models", ["/srv/the models"]),
        ("postgresql://h/db", "s3://bucket/models", []),
        ("postgresql://h/db", "mlartifacts", ["mlartifacts"]),
        ("sqlite:////srv/mlflow.db", "file:///srv/models", ["/srv/mlflow.db", "/srv/models"]),
    ],
)
def test_what_lies_on_this_machine_is_known(tmp_path, uri, artifacts, places) -> None:
    found = local_places(RegistryAddress(uri, artifacts), tmp_path, {"WHERE": "http://mlflow"})

    assert found == tuple(tmp_path / place for place in places)
