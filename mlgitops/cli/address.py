"""Where a project's MLflow is, once its `env:NAME` values are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.model.spec import RegistryAddress
    from mlgitops.ports import ModelRegistry


def registry_at(address: RegistryAddress, root: Path, environ: Mapping[str, str]) -> ModelRegistry:
    """The MLflow at *address*; relative paths are below *root*.

    Raises:
        SpecError: the address names an environment variable that is not set.
    """
    from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry

    return MlflowRegistry(
        resolved(address.uri, environ), resolved(address.artifacts, environ), root
    )


def local_places(
    address: RegistryAddress, root: Path, environ: Mapping[str, str]
) -> tuple[Path, ...]:
    """Files and folders on this machine that the registry at *address* is made of.

    Raises:
        SpecError: the address names an environment variable that is not set.
    """
    from mlgitops.adapters.mlflow_registry.connection import Connection

    uri, artifacts = resolved(address.uri, environ), resolved(address.artifacts, environ)
    return Connection(uri, artifacts, root).local_places


def resolved(value: str, environ: Mapping[str, str]) -> str:
    """A value of a spec, where `env:NAME` stands for an environment variable.

    Raises:
        SpecError: the variable is not set, or empty.
    """
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    found = environ.get(name)
    if not found:  # a workflow's missing secret is an empty variable
        raise SpecError(
            f"mlgitops.yaml names the environment variable {name}, which is not set",
            hint=f"export {name}=…; in a workflow, pass it on as a secret",
        )
    return found
