"""train: features and labels become a fitted model in a folder.

The folder's bytes follow from the inputs alone, so that the same inputs give
the same candidate on every machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.usecases import training

if TYPE_CHECKING:
    from mlgitops.ports import Job
    from mlgitops.usecases.context import RunContext

VERSION = 1
JOBS: tuple[Job, ...] = ("train",)


def inputs(run: RunContext) -> dict[str, str | None]:
    """Everything that may change the model's bytes."""
    return training.inputs(run)


def make(run: RunContext, folder: Path) -> dict[str, Path]:
    """Train, and pack the estimator with the features' code.

    Raises:
        SpecError: the user's code does not keep its contract.
    """
    model = folder / "model"
    answer = training.fit(run, training.Training.of(run), model)
    facts = folder / "train.json"
    facts.write_text(json.dumps({"inputs": answer["inputs"], "record": training.record(run)}))
    return {"model": model, "train": facts}


def accept(run: RunContext) -> None:
    """Whatever was trained may be judged."""
