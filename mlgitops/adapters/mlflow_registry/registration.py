"""Makes a folder a model version, once per candidate, without loading it.

MLflow has no key for idempotency: a candidate is looked for before and after,
and the lowest version that carries its tag is the one. The version is written
last: it exists only once its run is complete, and its files have been read back
and are what was judged. Each write is a transaction on MLflow's side, which is
what registering costs; so they are few, and none is read back but the version.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.adapters.mlflow_registry import artifacts as files
from mlgitops.adapters.mlflow_registry import runs
from mlgitops.adapters.mlflow_registry.connection import paged
from mlgitops.model.digest import short
from mlgitops.model.errors import MlgitopsError, SpecError, Unavailable
from mlgitops.model.registry import ModelVersion, Registration

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlgitops.adapters.mlflow_registry.connection import Connection
    from mlgitops.model.digest import Manifest

# A server with accounts denies what is not there.
_SAID_OF_NO_MODEL = ("RESOURCE_DOES_NOT_EXIST", "PERMISSION_DENIED")


def versions(
    connection: Connection, model: str, candidate: str | None = None
) -> tuple[ModelVersion, ...]:
    """The model's versions, those of *candidate* only if given, lowest first."""
    query = f"name = '{model}'"
    if candidate is not None:
        query += f" and tags.`{runs.CANDIDATE}` = '{candidate}'"
    with connection.calling(f"read the versions of {model!r}") as client:
        found = [_model_version(found) for found in paged(client.search_model_versions, query)]
    return tuple(sorted(found, key=lambda version: version.version))


def register(connection: Connection, registration: Registration, folder: Path) -> ModelVersion:
    """As `ports.ModelRegistry.register` says."""
    version = _registered(connection, registration)
    if version is None:
        run_id, version = _create(connection, registration, folder)
        if version.run_id == run_id:
            return version  # all that is checked below was written just now
    _check_bytes(connection, registration, version)
    # Before the tags, which name what is attached.
    _update_attachments(connection, registration, version)
    if _update_tags(connection, registration, version):
        version = _registered(connection, registration) or version
    return version


def _registered(connection: Connection, registration: Registration) -> ModelVersion | None:
    found = versions(connection, registration.model, registration.candidate)
    return found[0] if found else None


def _create(
    connection: Connection, registration: Registration, folder: Path
) -> tuple[str, ModelVersion]:
    """A new run, and the candidate's version: the run's, or that of a faster writer."""
    run, is_first = runs.start(connection, registration)
    run_id: str = run.info.run_id
    try:
        model_id = _upload(connection, registration, folder, run)
        files.write(connection, run.info.artifact_uri, registration.attachments)
        with connection.calling(f"describe the run of {registration.model!r}") as client:
            runs.describe(client, registration, run_id, model_id)
            client.set_terminated(run_id, "FINISHED")
            if is_first:
                _ensure_model(client, registration.model)
        return run_id, _create_version(connection, registration, run_id, model_id)
    except MlgitopsError:
        with suppress(MlgitopsError), connection.calling("end the run") as client:
            client.set_terminated(run_id, "FAILED")
        raise


def _upload(connection: Connection, registration: Registration, folder: Path, run: Any) -> str:
    """Store *folder* as a logged model, read its bytes back, and return its id."""
    from mlflow.entities import LoggedModelStatus

    with connection.calling(f"upload {registration.model!r}") as client:
        logged = client.create_logged_model(
            run.info.experiment_id, registration.model, run.info.run_id, runs.tags(registration)
        )
    files.upload(connection, logged.artifact_location, folder)
    stored = files.manifest(connection, logged.artifact_location, "the uploaded model")
    is_whole = stored is not None and stored.digest == registration.manifest
    with connection.calling(f"finish the upload of {registration.model!r}") as client:
        status = LoggedModelStatus.READY if is_whole else LoggedModelStatus.FAILED
        client.finalize_logged_model(logged.model_id, status)
    if not is_whole:
        raise SpecError(
            f"the uploaded files of {registration.model!r} {_said(stored)}, "
            f"the candidate has {short(registration.manifest)}",
            hint="the model's folder changed after it was judged; run the pipeline again",
        )
    model_id: str = logged.model_id
    return model_id


def _create_version(
    connection: Connection, registration: Registration, run_id: str, model_id: str
) -> ModelVersion:
    lost: Unavailable | None = None
    try:
        with (
            connection.calling(f"create a version of {registration.model!r}") as client,
            connection.as_default(),
        ):
            _write_version(client, registration, run_id, model_id)
    except Unavailable as error:
        # The answer may be lost and the version there; creating again would make a second.
        lost = error
    version = _registered(connection, registration)
    if version is None:
        unreadable = f"the new version of {registration.model!r} cannot be read back"
        raise lost or Unavailable(unreadable)
    return version


def _write_version(
    client: MlflowClient, registration: Registration, run_id: str, model_id: str
) -> None:
    from mlflow.exceptions import MlflowException

    def write() -> None:
        client.create_model_version(
            registration.model,
            source=f"models:/{model_id}",
            run_id=run_id,
            tags=runs.tags(registration),
            model_id=model_id,
        )

    try:
        write()
    except MlflowException as error:
        if error.error_code not in _SAID_OF_NO_MODEL:
            raise
    else:
        return
    _ensure_model(client, registration.model)
    write()


def _ensure_model(client: MlflowClient, model: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _check_bytes(connection: Connection, registration: Registration, version: ModelVersion) -> None:
    with connection.calling(f"find version {version.version} of {version.model!r}") as client:
        uri = client.get_model_version_download_uri(version.model, str(version.version))
    what = f"version {version.version} of {version.model!r}"
    stored = files.manifest(connection, uri, what)
    if stored is None or stored.digest != registration.manifest:
        raise SpecError(
            f"the files of {what} {_said(stored)}, its candidate "
            f"{short(registration.candidate)} has {short(registration.manifest)}",
            hint="somebody changed the registry's files; look into it before you release anything",
        )


def _said(stored: Manifest | None) -> str:
    return f"have manifest {short(stored.digest)}" if stored else "are gone, or links"


def _update_tags(connection: Connection, registration: Registration, version: ModelVersion) -> bool:
    """Whether there was anything to change."""
    wanted = runs.tags(registration)
    changed = {key: value for key, value in wanted.items() if version.tags.get(key) != value}
    if not changed:
        return False
    with connection.calling(f"tag version {version.version} of {version.model!r}") as client:
        from mlflow.entities import RunTag

        tags = sorted(changed.items())
        # The version last: what it lacks is how the next registration knows what to do.
        if version.run_id is not None:
            client.log_batch(version.run_id, tags=[RunTag(key, value) for key, value in tags])
        for key, value in tags:
            client.set_model_version_tag(version.model, str(version.version), key, value)
    return True


def _update_attachments(
    connection: Connection, registration: Registration, version: ModelVersion
) -> None:
    if version.run_id is None or not registration.attachments:
        return
    with connection.calling(f"find the run of version {version.version}") as client:
        uri = client.get_run(version.run_id).info.artifact_uri
    changed = {
        path: content
        for path, content in registration.attachments.items()
        if files.read(connection, uri, path) != content
    }
    files.write(connection, uri, changed)


def _model_version(found: Any) -> ModelVersion:
    tags: Mapping[str, str] = dict(found.tags)
    return ModelVersion(
        model=found.name,
        version=int(found.version),
        candidate=tags.get(runs.CANDIDATE),
        manifest=tags.get(runs.MANIFEST),
        run_id=found.run_id or None,
        tags=tags,
    )
