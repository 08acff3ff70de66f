"""The one client of MLflow, and the translation of its errors at the border.

Nothing connects before the first call. MLflow takes its switches from the
process environment only; they are written when it is first imported. Whatever
user and password an address holds is masked in messages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mlgitops.model.digest import digest
from mlgitops.model.errors import MissingExtra, MlgitopsError, SpecError, Unavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient

_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_SERVERS = ("http", "https")
# No extra brings what opens an object store: by the package that is imported, what brings it.
_STORES = {
    "azure": "azure-storage-blob azure-identity",
    "boto3": "boto3",
    "botocore": "boto3",
    "google": "google-cloud-storage",
}
_CONNECT_TIMEOUT_S = 10
_REQUEST_TIMEOUT_S = 20
_PAGE = 1000
_SWITCHES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # It asks a server for the run once more, and prints into what is read by programs.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # MLflow repeats writes blindly: with a lost answer one call makes three versions.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}
# What an HTTP server says when it may answer differently later.
_PASSING = (408, 409, 425, 429)


class Connection:
    """Where a registry is, resolved against the repository's *root*."""

    def __init__(self, uri: str, artifacts: str, root: Path) -> None:
        # Whoever signs in, and wherever the checkout lies, it is the same place.
        self.place = digest([_masked(uri), _masked(artifacts)])
        self.uri = _resolve_uri(uri, root)
        self._artifacts = _resolve_artifacts(artifacts, root, is_server=self.is_server)

    @property
    def is_server(self) -> bool:
        """Whether MLflow is reached over HTTP."""
        return urlsplit(self.uri).scheme in _SERVERS

    @property
    def is_absent(self) -> bool:
        """Whether the database file is not there yet; reading must not create it."""
        return self.uri.startswith("sqlite:") and not _sqlite_file(self.uri).exists()

    @property
    def local_places(self) -> tuple[Path, ...]:
        """What of it lies on this machine: the database's file, the folder of the models."""
        found = []
        if self.uri.startswith("sqlite:"):
            found.append(_sqlite_file(self.uri))
        if self._artifacts is not None and self._artifacts.startswith("file:"):
            found.append(Path(unquote(urlsplit(self._artifacts).path)))
        return tuple(found)

    def has_row(self, model: str, version: int) -> bool | None:
        """Whether a SQLite file lists the version; None if that cannot be told so.

        Read without MLflow, whose import takes seconds.
        """
        if not self.uri.startswith("sqlite:"):
            return None
        import sqlite3  # here: 5 ms, for runs that come to a registry only

        query = (
            "SELECT count(*) FROM model_versions "
            "WHERE name = ? AND version = ? AND current_stage != 'Deleted_Internal'"
        )
        address = f"{_sqlite_file(self.uri).resolve().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True)) as database:
                return bool(database.execute(query, (model, version)).fetchone()[0])
        except sqlite3.Error:
            return None  # locked, or not MLflow's: registering says what is wrong

    @property
    def label(self) -> str:
        """The address for people."""
        return _masked(self.uri)

    def location(self, model: str) -> str | None:
        """Where a model's runs keep their files; None leaves it to the server."""
        return f"{self._artifacts}/{model}" if self._artifacts else None

    @contextmanager
    def calling(self, doing: str) -> Iterator[MlflowClient]:
        """The client, with its errors translated while the block runs.

        Raises:
            SpecError: MLflow refuses what is asked.
            Unavailable: it, its database or its files cannot be reached.
            MissingExtra: what opens the store of the files is not installed.
        """
        client = self._client
        from mlflow.exceptions import MlflowException

        try:
            yield client
        except MlflowException as error:
            raise _translated(error.get_http_status_code(), error, doing, self.label) from error
        except OSError as error:  # requests' errors are OSErrors, too
            raise _translated(_http_status(error), error, doing, self.label) from error
        except ModuleNotFoundError as error:  # MLflow imports a store's package when it is used
            raise _missing(error, doing) from error

    @contextmanager
    def as_default(self) -> Iterator[None]:
        """Make this MLflow's global address while the block runs.

        A database resolves `models:/m-…` by the global address, whatever client it
        is asked through (MLflow 3.17, `SqlAlchemyStore.create_model_version`).
        """
        import mlflow

        mlflow.set_tracking_uri(self.uri)
        try:
            yield
        finally:
            # It also stands in the environment, where child processes would inherit it.
            mlflow.set_tracking_uri(None)

    def artifact_repository(self, uri: str) -> Any:
        """MLflow's access to the files below *uri*; use it inside `calling`."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return get_artifact_repository(uri, tracking_uri=self.uri, registry_uri=self.uri)

    @cached_property
    def _client(self) -> MlflowClient:
        # Here, not at the top: `import mlflow` takes about four seconds.
        os.environ.update(_SWITCHES)  # noqa: TID251 - written, not read: MLflow has no other door
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(_REQUEST_TIMEOUT_S))  # noqa: TID251 - as above
        try:
            from mlflow import MlflowClient
        except ModuleNotFoundError as error:
            raise MissingExtra("mlflow", extra="mlflow") from error
        import logging  # here: a run with nothing to do comes to this module, too

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        if self.is_server:
            return MlflowClient(self.uri, self.uri)
        return self._open_database()

    def _open_database(self) -> MlflowClient:
        import mlflow.store.db.utils
        import sqlalchemy.exc
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        # MLflow waits 102 s for a database that refuses; trying again is the caller's choice.
        mlflow.store.db.utils.MAX_RETRY_COUNT = 1
        doing = "open the registry"
        try:
            return MlflowClient(self.uri, self.uri)
        except ModuleNotFoundError as error:
            raise MissingExtra(error.name or "a database driver", extra="mlflow") from error
        except (sqlalchemy.exc.OperationalError, OSError) as error:
            raise _translated(None, error, doing, self.label) from error
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise _translated(400, error, doing, self.label) from error
        except MlflowException as error:
            raise _translated(error.get_http_status_code(), error, doing, self.label) from error


def paged(search: Callable[..., Any], query: str | None) -> Iterator[Any]:
    """Everything that a search finds, in as few calls as MLflow allows."""
    token = None
    while True:
        page = search(filter_string=query, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _translated(status: int | None, error: Exception, doing: str, label: str) -> MlgitopsError:
    if status is not None and 400 <= status < 500 and status not in _PASSING:
        hint = "check the credentials of this registry" if status in (401, 403) else None
        return SpecError(f"could not {doing}: {label} refused: {_said(error)}", hint=hint)
    return Unavailable(
        f"could not {doing} at {label}: {_said(_first(error))}",
        hint="run it again when the registry is back; nothing is done twice",
    )


def _missing(error: ModuleNotFoundError, doing: str) -> MissingExtra:
    module = error.name or str(error)
    package = module.partition(".")[0]
    return MissingExtra.saying(
        f"could not {doing}: the package {module!r} is not installed",
        hint=f"pip install {_STORES.get(package, package)}",
    )


def _first(error: BaseException) -> BaseException:
    """What went wrong first: "connection refused", not who passed it on."""
    while (earlier := error.__cause__ or error.__context__) is not None:
        error = earlier
    return error


def _said(error: BaseException) -> str:
    return _masked(str(error)).strip().partition("\n")[0][:500]


def _http_status(error: OSError) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _masked(text: str) -> str:
    return re.sub(r"//[^/@\s]+@", "//***@", text)


def _resolve_uri(uri: str, root: Path) -> str:
    scheme = urlsplit(uri).scheme
    database = scheme.partition("+")[0]
    if database not in _DATABASES + _SERVERS:
        raise SpecError(
            f"{_masked(uri)!r} is not an address of an MLflow registry",
            hint="use sqlite:///mlflow.db, postgresql://…, or the http(s):// address of a server",
        )
    if database == "sqlite":
        return f"sqlite:///{root.absolute() / _sqlite_file(uri)}"
    if database == "postgresql" and "connect_timeout=" not in uri:
        return f"{uri}{'&' if '?' in uri else '?'}connect_timeout={_CONNECT_TIMEOUT_S}"
    return uri.rstrip("/") if scheme in _SERVERS else uri


def _sqlite_file(uri: str) -> Path:
    return Path(uri.partition("://")[2].removeprefix("/"))


def _resolve_artifacts(artifacts: str, root: Path, *, is_server: bool) -> str | None:
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", artifacts):
        return artifacts.rstrip("/")
    folder = Path(artifacts)
    if is_server and not folder.is_absolute():
        return None
    return (root.absolute() / folder).as_uri()
