"""MLflow as a model registry: reads in bulk, writes one by one and never repeated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.adapters.mlflow_registry.connection import Connection, paged
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.model.digest import Manifest
    from mlgitops.model.registry import ModelVersion, RegisteredModel, Registration


class MlflowRegistry:
    """A `ModelRegistry` at *uri*: a database, or the http(s) address of a server.

    *artifacts* is a folder or a URI for the files of runs and models; relative
    folders and SQLite files are below *root*. A server keeps files itself unless
    *artifacts* is absolute.
    """

    def __init__(self, uri: str, artifacts: str, root: Path) -> None:
        self._connection = Connection(uri, artifacts, root)

    def observe(self, names: Sequence[str] | None = None) -> dict[str, RegisteredModel]:
        wanted = None if names is None else set(names)
        if wanted == set() or self._connection.is_absent:
            return {}
        # One page holds a thousand models with all their aliases: ask for all at once.
        query = f"name = '{next(iter(wanted))}'" if wanted and len(wanted) == 1 else None
        found: dict[str, RegisteredModel] = {}
        with self._connection.calling("read the registered models") as client:
            for model in paged(client.search_registered_models, query):
                if wanted is None or model.name in wanted:
                    found[model.name] = _registered_model(model)
                if wanted is not None and len(found) == len(wanted):
                    break
        return found

    @property
    def place(self) -> str:
        return self._connection.place

    def lacks(self, model: str, version: int) -> bool:
        return self._connection.is_absent or self._connection.has_row(model, version) is False

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        if self._connection.is_absent:
            return ()
        from mlgitops.adapters.mlflow_registry import registration as registering

        return registering.versions(self._connection, model)

    def register(self, registration: Registration, folder: Path) -> ModelVersion:
        from mlgitops.adapters.mlflow_registry import registration as registering

        return registering.register(self._connection, registration, folder)

    def attachment(self, version: ModelVersion, path: str) -> bytes | None:
        from mlgitops.adapters.mlflow_registry import artifacts as files

        if version.run_id is None:
            return None
        with self._connection.calling(f"find {path}") as client:
            uri = client.get_run(version.run_id).info.artifact_uri
        return files.read(self._connection, uri, path)

    def download(self, model: str, version: int, into: Path) -> Path:
        from mlgitops.adapters.mlflow_registry import artifacts as files

        uri = self._location(model, version)
        files.download(self._connection, uri, into, f"version {version} of {model!r}")
        return into

    def manifest(self, model: str, version: int) -> Manifest | None:
        from mlgitops.adapters.mlflow_registry import artifacts as files

        uri = self._location(model, version)
        return files.manifest(self._connection, uri, f"version {version} of {model!r}")

    def set_alias(self, model: str, alias: str, version: int) -> None:
        try:
            self._point(model, alias, version)
        except SpecError:
            # Two writers that create one alias at once: MLflow answers 400 to the second
            # (UNIQUE constraint). A refusal with a reason of its own is refused again.
            found = self.observe([model]).get(model)
            if found is None or found.aliases.get(alias) != version:
                self._point(model, alias, version)

    def delete_alias(self, model: str, alias: str) -> None:
        with self._connection.calling(f"remove the alias {alias!r} of {model!r}") as client:
            client.delete_registered_model_alias(model, alias)

    def set_tag(self, model: str, key: str, value: str) -> None:
        with self._connection.calling(f"set the tag {key!r} of {model!r}") as client:
            client.set_registered_model_tag(model, key, value)

    def _point(self, model: str, alias: str, version: int) -> None:
        doing = f"set the alias {alias!r} of {model!r} to version {version}"
        with self._connection.calling(doing) as client:
            client.set_registered_model_alias(model, alias, str(version))

    def _location(self, model: str, version: int) -> str:
        """Where the version's files lie; not `models:/…`, which adds a file of its own."""
        with self._connection.calling(f"find version {version} of {model!r}") as client:
            uri: str = client.get_model_version_download_uri(model, str(version))
        return uri


def _registered_model(found: Any) -> RegisteredModel:
    from mlgitops.model.registry import RegisteredModel

    # A database gives alias versions as int, a server as text.
    aliases = {alias: int(version) for alias, version in found.aliases.items()}
    return RegisteredModel(found.name, aliases, dict(found.tags))
