"""The run that a version comes from: where it belongs, what it used and what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlgitops.model.digest import short
from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlgitops.adapters.mlflow_registry.connection import Connection
    from mlgitops.model.registry import DatasetInput, Registration

CANDIDATE = "mlgitops.candidate"
MANIFEST = "mlgitops.manifest"
# MLflow's own limits.
_LONGEST_PARAMETER = 6000
_LONGEST_DATASET_DIGEST = 36


def start(connection: Connection, registration: Registration) -> tuple[Any, bool]:
    """A new run, and whether it is the first that its model ever had.

    Raises:
        SpecError: somebody deleted the model's experiment.
    """
    model = registration.model
    with connection.calling(f"start a run for {model!r}") as client:
        experiment, is_first = _experiment(client, model, connection.location(model))
        run = client.create_run(
            experiment, run_name=short(registration.candidate), tags=_run_tags(registration)
        )
    return run, is_first


def describe(client: MlflowClient, registration: Registration, run_id: str, model_id: str) -> None:
    """Write what the run used, what came of it, and how good that is."""
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
    # In one go: MLflow itself splits what is longer than it takes.
    client.log_batch(run_id, metrics=metrics, params=parameters)


def tags(registration: Registration) -> dict[str, str]:
    """What a version and its run are found and told apart by."""
    own = {CANDIDATE: registration.candidate, MANIFEST: registration.manifest}
    return {**registration.tags, **own}


def _experiment(client: MlflowClient, model: str, location: str | None) -> tuple[str, bool]:
    """Id of the experiment named after the model, and whether it was made just now."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(model)
    if found is None:
        try:
            created: str = client.create_experiment(model, location)
        except MlflowException:
            found = client.get_experiment_by_name(model)  # another writer was faster
            if found is None:
                raise
        else:
            return created, True
    if found.lifecycle_stage == "deleted":
        raise SpecError(
            f"the experiment {model!r} was deleted in MLflow",
            hint=f"mlflow experiments restore --experiment-id {found.experiment_id}",
        )
    experiment: str = found.experiment_id
    return experiment, False


def _run_tags(registration: Registration) -> dict[str, str]:
    found = tags(registration)
    if commit := found.get("mlgitops.commit"):
        found["mlflow.source.git.commit"] = commit
    return found


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


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST_PARAMETER else value[: _LONGEST_PARAMETER - 1] + "…"
