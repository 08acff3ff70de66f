"""One training: what it follows from, and what the worker is asked for.

The step that makes the candidate trains so, and whoever trains again to learn more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError
from mlgitops.usecases.code import code_of, code_paths
from mlgitops.usecases.columns import model_columns
from mlgitops.usecases.context import spec_digest

if TYPE_CHECKING:
    from mlgitops.model.evidence import TrainingInputs
    from mlgitops.usecases.context import RunContext

_UUID_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Training:
    """What one training is given; all else is as the pipeline says.

    *features* is the table of features and label, *raw* the rows that it was made of.
    """

    seed: int
    features: Path
    raw: Path

    @classmethod
    def of(cls, run: RunContext) -> Training:
        """The training that makes the candidate."""
        features, raw = run.path("features", "table"), run.path("split", "train")
        return cls(run.pipeline.train.seed, features, raw)


def fit(run: RunContext, training: Training, out: Path) -> dict[str, Any]:
    """Have the worker train once into the new folder *out*; what it answered.

    Raises:
        SpecError: the user's code does not keep its contract, or imports a file that
            `train.code` does not cover.
    """
    pipeline, train = run.pipeline, run.pipeline.train
    identity = digest({**inputs(run), "seed": str(training.seed)})
    answer = run.run_job(
        "train",
        {
            "root": str(run.origin.root),
            "table": str(training.features),
            "raw": str(training.raw),
            "raw_columns": list(model_columns(run)),
            "label": pipeline.label,
            "positive": pipeline.positive,
            "task": pipeline.task,
            "entrypoint": train.entrypoint,
            "estimator": train.estimator,
            "command": list(train.command) if train.command else None,
            "params": dict(train.params),
            "seed": training.seed,
            "code": code_paths(run),
            "requirements": list(train.requirements),
            "features_entrypoint": pipeline.features.entrypoint,
            "model_uuid": identity.removeprefix("sha256:")[:_UUID_DIGITS],
            "out": str(out),
        },
    )
    _require_listed(run, answer["files"])
    return answer


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


def record(run: RunContext) -> TrainingInputs:
    """The inputs as the evidence names them."""
    pipeline = run.pipeline
    named: TrainingInputs = {
        "digest": "",
        "spec": spec_digest((pipeline.task, pipeline.features, pipeline.train)),
        "code": digest(code_of(run)),
        "data": run.digest("split", "train"),
        "params": spec_digest(pipeline.train.params),
        "environment": digest(dict(run.origin.versions)),
        "seed": pipeline.train.seed,
    }
    named["digest"] = digest({name: value for name, value in named.items() if name != "digest"})
    return named


def _require_listed(run: RunContext, files: Sequence[str]) -> None:
    """Refuse code whose changes would go unseen, and which would not be packed.

    Raises:
        SpecError: a file was imported that `train.code` does not cover.
    """
    covered = code_of(run)
    unlisted = [file for file in files if f"code {file}" not in covered]
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
