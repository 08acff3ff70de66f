"""train: features and labels become a fitted model in a folder.

The folder's bytes follow from the inputs alone, so that the same inputs give
the same candidate on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError
from mlgitops.usecases.code import code_of, code_paths
from mlgitops.usecases.columns import model_columns
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.model.evidence import Inputs
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ("train",)
_UUID_DIGITS = 32


def inputs(run: RunContext) -> dict[str, str | None]:
    """Everything that may change the model's bytes."""
    train = run.pipeline.train
    given = (train.entrypoint, train.estimator, train.command, train.code, train.requirements)
    return {
        "features table": run.digest("features", "table"),
        "split train": run.digest("split", "train"),
        "spec train": spec_digest(given),
        "spec task": spec_digest((run.pipeline.task, run.pipeline.positive, run.pipeline.label)),
        "spec features": spec_digest(run.pipeline.features),
        "spec columns": spec_digest(model_columns(run)),
        "params": spec_digest(train.params),
        "seed": str(train.seed),
        **code_of(run),
        **{f"version {name}": version for name, version in run.origin.versions.items()},
    }


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Train, and pack the estimator with the features' code.

    Raises:
        SpecError: the user's code does not keep its contract.
    """
    pipeline, train = run.pipeline, run.pipeline.train
    model = folder / "model"
    answer = run.run_job(
        "train",
        {
            "root": str(run.origin.root),
            "table": str(run.path("features", "table")),
            "raw": str(run.path("split", "train")),
            "raw_columns": list(model_columns(run)),
            "label": pipeline.label,
            "positive": pipeline.positive,
            "task": pipeline.task,
            "entrypoint": train.entrypoint,
            "estimator": train.estimator,
            "command": list(train.command) if train.command else None,
            "params": dict(train.params),
            "seed": train.seed,
            "code": code_paths(run),
            "requirements": list(train.requirements),
            "features_entrypoint": pipeline.features.entrypoint,
            "model_uuid": digest(inputs(run)).removeprefix("sha256:")[:_UUID_DIGITS],
            "out": str(model),
        },
    )
    _require_listed(run, answer["files"])
    facts = folder / "train.json"
    facts.write_text(json.dumps({"inputs": answer["inputs"], **_record(run)}))
    return {"model": model, "train": facts}


def accept(run: RunContext) -> None:
    """Whatever was trained may be judged."""


def _require_listed(run: RunContext, files: Sequence[str]) -> None:
    """Refuse code whose changes would go unseen, and which would not be packed.

    Raises:
        SpecError: a file was imported that `train.code` does not cover.
    """
    unlisted = [file for file in files if f"code {file}" not in code_of(run)]
    if unlisted:
        # Whole packages: a part of one could not be imported where it is unpacked.
        tops = (file.partition("/")[0] for file in unlisted)
        code = dict.fromkeys([*code_paths(run), *tops])
        raise SpecError(
            f"mlops/pipelines/{run.pipeline.name}.yaml: the code imports {', '.join(unlisted)}, "
            "which train.code does not cover",
            hint=f"set `code: [{', '.join(code)}]`: it is packed with the model, and a change in "
            "it trains anew",
        )


def _record(run: RunContext) -> dict[str, Inputs]:
    """The inputs as the evidence names them."""
    pipeline = run.pipeline
    record: Inputs = {
        "digest": "",
        "spec": spec_digest((pipeline.task, pipeline.features, pipeline.train)),
        "code": digest(code_of(run)),
        "data": run.digest("split", "train"),
        "params": spec_digest(pipeline.train.params),
        "environment": digest(dict(run.origin.versions)),
        "seed": pipeline.train.seed,
    }
    record["digest"] = digest({name: value for name, value in record.items() if name != "digest"})
    return {"record": record}
