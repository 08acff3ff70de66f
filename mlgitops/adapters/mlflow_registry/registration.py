"""Makes a folder a model version, once per candidate, without loading it.

MLflow has no key for idempotency: a candidate is looked for before and after,
and the lowest version that carries its tag is the one. A version exists only
once its files have been read back and are what was judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.adapters.mlflow_registry import artifacts as files
from mlgitops.adapters.mlflow_registry.connection import paged
from mlgitops.model.digest import short
from mlgitops.model.errors import MlgitopsError, SpecError, Unavailable
from mlgitops.model.registry import DatasetInput, ModelVersion, Registration

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlgitops.adapters.mlflow_registry.connection import Connection

_CANDIDATE = "mlgitops.candidate"
_MANIFEST = "mlgitops.manifest"
# MLflow's own limits.
_BATCH = 100
_LONGEST_PARAMETER = 6000
_LONGEST_DATASET_DIGEST = 36


def versions(
    connection: Connection, model: str, candidate: str | None = None
) -> tuple[ModelVersion, ...]:
    """The model's versions, those of *candidate* only if given, lowest first."""
    query = f"name = '{model}'"
    if candidate is not None:
        query += f" and tags.`{_CANDIDATE}` = '{candidate}'"
    with connection.calling(f"read the versions of {model!r}") as client:
        found = [_model_version(found) for found in paged(client.search_model_versions, query)]
    return tuple(sorted(found, key=lambda version: version.version))


def register(connection: Connection, registration: Registration, folder: Path) -> ModelVersion:
    """As `ports.ModelRegistry.register` says."""
    if _registered(connection, registration) is None:
        _create(connection, registration, folder)
    version = _registered(connection, registration)
    if version is None:
        raise Unavailable(f"the new version of {registration.model!r} cannot be read back")
    _check_bytes(connection, registration, version)
    _update_tags(connection, registration, version)
    _update_attachments(connection, registration, version)
    return _registered(connection, registration) or version


def _registered(connection: Connection, registration: Registration) -> ModelVersion | None:
    found = versions(connection, registration.model, registration.candidate)
    return found[0] if found else None


def _create(connection: Connection, registration: Registration, folder: Path) -> None:
    with connection.calling(f"start a run for {registration.model!r}") as client:
        experiment = _experiment(client, registration.model, connection)
        run = client.create_run(
            experiment, run_name=short(registration.candidate), tags=_run_tags(registration)
        )
    run_id: str = run.info.run_id
    try:
        model_id = _upload(connection, registration, folder, run)
        with connection.calling(f"describe the run of {registration.model!r}") as client:
            _describe(client, registration, run_id, model_id)
        _create_version(connection, registration, run_id, model_id)
    except MlgitopsError:
        with suppress(MlgitopsError), connection.calling("end the run") as client:
            client.set_terminated(run_id, "FAILED")
        raise
    with connection.calling("end the run") as client:
        client.set_terminated(run_id, "FINISHED")


def _experiment(client: MlflowClient, model: str, connection: Connection) -> str:
    """Id of the experiment named after the model, created if need be."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(model)
    if found is None:
        try:
            created: str = client.create_experiment(model, connection.location(model))
        except MlflowException:
            found = client.get_experiment_by_name(model)  # another writer was faster
            if found is None:
                raise
        else:
            return created
    if found.lifecycle_stage == "deleted":
        raise SpecError(
            f"the experiment {model!r} was deleted in MLflow",
            hint=f"mlflow experiments restore --experiment-id {found.experiment_id}",
        )
    experiment: str = found.experiment_id
    return experiment


def _upload(connection: Connection, registration: Registration, folder: Path, run: Any) -> str:
    """Store *folder* as a logged model, read its bytes back, and return its id."""
    from mlflow.entities import LoggedModelStatus

    with connection.calling(f"upload {registration.model!r}") as client:
        logged = client.create_logged_model(
            run.info.experiment_id, registration.model, run.info.run_id, _tags(registration)
        )
        client.log_model_artifacts(logged.model_id, str(folder))
    stored = files.manifest(connection, logged.artifact_location, "the uploaded model")
    is_whole = stored.digest == registration.manifest
    with connection.calling(f"finish the upload of {registration.model!r}") as client:
        status = LoggedModelStatus.READY if is_whole else LoggedModelStatus.FAILED
        client.finalize_logged_model(logged.model_id, status)
    if not is_whole:
        raise SpecError(
            f"the uploaded files of {registration.model!r} have manifest {short(stored.digest)}, "
            f"the candidate has {short(registration.manifest)}",
            hint="the model's folder changed after it was judged; run the pipeline again",
        )
    model_id: str = logged.model_id
    return model_id


def _describe(client: MlflowClient, registration: Registration, run_id: str, model_id: str) -> None:
    from mlflow.entities import LoggedModelOutput, Metric, Param
    from mlflow.utils.time import get_current_time_millis

    now = get_current_time_millis()
    client.log_inputs(run_id, [_dataset_input(dataset) for dataset in registration.datasets])
    client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
    parameters = [Param(k, _cut(v)) for k, v in sorted(registration.parameters.items())]
    metrics = [
        Metric(name, value, now, 0, model_id=model_id)
        for name, value in sorted(registration.metrics.items())
    ]
    for batch in _batches(parameters):
        client.log_batch(run_id, params=batch)
    for batch in _batches(metrics):
        client.log_batch(run_id, metrics=batch)


def _create_version(
    connection: Connection, registration: Registration, run_id: str, model_id: str
) -> None:
    model = registration.model
    with connection.calling(f"create the model {model!r}") as client:
        _ensure_model(client, model)
    try:
        with (
            connection.calling(f"create a version of {model!r}") as client,
            connection.as_default(),
        ):
            client.create_model_version(
                model,
                source=f"models:/{model_id}",
                run_id=run_id,
                tags=_tags(registration),
                model_id=model_id,
            )
    except Unavailable:
        # The answer may be lost and the version there; creating again would make a second.
        if _registered(connection, registration) is None:
            raise


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
    if stored.digest != registration.manifest:
        raise SpecError(
            f"the files of {what} have manifest {short(stored.digest)}, its candidate "
            f"{short(registration.candidate)} has {short(registration.manifest)}",
            hint="somebody changed the registry's files; look into it before you release anything",
        )


def _update_tags(connection: Connection, registration: Registration, version: ModelVersion) -> None:
    wanted = _tags(registration)
    changed = {key: value for key, value in wanted.items() if version.tags.get(key) != value}
    if not changed:
        return
    with connection.calling(f"tag version {version.version} of {version.model!r}") as client:
        for key, value in sorted(changed.items()):
            client.set_model_version_tag(version.model, str(version.version), key, value)
            if version.run_id is not None:
                client.set_tag(version.run_id, key, value)


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
    if changed:
        files.write(connection, uri, changed)


def _tags(registration: Registration) -> dict[str, str]:
    own = {_CANDIDATE: registration.candidate, _MANIFEST: registration.manifest}
    return {**registration.tags, **own}


def _run_tags(registration: Registration) -> dict[str, str]:
    tags = _tags(registration)
    if commit := tags.get("mlgitops.commit"):
        tags["mlflow.source.git.commit"] = commit
    return tags


def _dataset_input(dataset: DatasetInput) -> Any:
    from mlflow.entities import Dataset, InputTag
    from mlflow.entities import DatasetInput as MlflowInput

    columns = [{"type": c["type"], "name": c["name"], "required": True} for c in dataset.columns]
    described = Dataset(
        name=dataset.name,
        digest=dataset.digest.removeprefix("sha256:")[:_LONGEST_DATASET_DIGEST],
        source_type="local",
        source=json.dumps({"uri": dataset.source}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": dataset.rows}),
    )
    return MlflowInput(described, [InputTag("mlflow.data.context", dataset.context)])


def _model_version(found: Any) -> ModelVersion:
    tags: Mapping[str, str] = dict(found.tags)
    return ModelVersion(
        model=found.name,
        version=int(found.version),
        candidate=tags.get(_CANDIDATE),
        manifest=tags.get(_MANIFEST),
        run_id=found.run_id or None,
        tags=tags,
    )


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST_PARAMETER else value[: _LONGEST_PARAMETER - 1] + "…"


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
