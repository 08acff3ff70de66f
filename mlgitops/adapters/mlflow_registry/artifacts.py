"""The files of runs and versions, where MLflow keeps them.

Files on this machine are hashed in place; others are fetched first. MLflow
itself drops a file into a model's folder whenever somebody loads the model, so
that file is no part of any manifest.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlgitops import folders
from mlgitops.model.digest import FileEntry, Manifest
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.adapters.mlflow_registry.connection import Connection

_LEFT_BY_LOADING = "registered_model_meta"


def manifest(connection: Connection, uri: str, what: str) -> Manifest | None:
    """Manifest of the files below *uri*; *what* names them in messages.

    None when there are no files, or links among them.
    """
    with connection.calling(f"read {what}"):
        repository = connection.artifact_repository(uri)
        if folder := _in_place(repository):
            found = _hashed(folder)
        else:
            with TemporaryDirectory() as scratch:
                found = _hashed(Path(repository.download_artifacts("", scratch)))
    files = tuple(file for file in found if file.path != _LEFT_BY_LOADING)
    return Manifest(files) if files else None


def download(connection: Connection, uri: str, into: Path, what: str) -> None:
    """Copy the files below *uri* into the new folder *into*.

    Raises:
        SpecError: there are no files.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    with connection.calling(f"download {what}"), TemporaryDirectory(dir=into.parent) as scratch:
        copy = Path(scratch) / "files"
        copy.mkdir()
        repository = connection.artifact_repository(uri)
        folder = _in_place(repository) or Path(repository.download_artifacts("", str(copy)))
        if not any(folder.rglob("*")):
            raise SpecError(f"the files of {what} are gone from the registry")
        if folder != copy:
            shutil.copytree(folder, copy, dirs_exist_ok=True)
        (copy / _LEFT_BY_LOADING).unlink(missing_ok=True)
        copy.rename(into)


def read(connection: Connection, uri: str, path: str) -> bytes | None:
    """The bytes of one file below *uri*, or None when there is none."""
    with connection.calling(f"read {path}"), TemporaryDirectory() as scratch:
        repository = connection.artifact_repository(uri)
        folder = str(PurePosixPath(path).parent)
        listed = repository.list_artifacts("" if folder == "." else folder)
        if path not in {file.path for file in listed}:
            return None
        return Path(repository.download_artifacts(path, scratch)).read_bytes()


def upload(connection: Connection, uri: str, folder: Path) -> None:
    """Put all files of *folder* below *uri*."""
    with connection.calling(f"upload {folder.name}"):
        connection.artifact_repository(uri).log_artifacts(str(folder))


def write(connection: Connection, uri: str, files: Mapping[str, bytes]) -> None:
    """Put *files*, by path, below *uri*; without any, nothing is asked."""
    if not files:
        return
    with connection.calling("attach files"), TemporaryDirectory() as scratch:
        for path, content in files.items():
            file = Path(scratch) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        connection.artifact_repository(uri).log_artifacts(scratch)


def _hashed(folder: Path) -> tuple[FileEntry, ...]:
    """Nothing where links are among the files."""
    try:
        return folders.manifest(folder).files
    except SpecError:  # its only one; what MLflow refuses is raised before
        return ()


def _in_place(repository: Any) -> Path | None:
    """The folder that *repository* is on this machine; None if files must be fetched."""
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    is_local = isinstance(repository, LocalArtifactRepository)
    return Path(repository.artifact_dir) if is_local else None
