"""noise, reproduction and shuffled labels: what training once more tells.

Every training is a job in a process of its own, and its model is scored as the
candidate is: by a job that sees no label. Nothing here is kept but the numbers.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlgitops.evaluation import baseline, repetition
from mlgitops.evaluation.undefined import Undefined
from mlgitops.folders import manifest
from mlgitops.model.errors import SpecError
from mlgitops.model.examinations import Reproduction, SeedSpread, ShuffledLabels, TrainingNoise
from mlgitops.usecases import scoring
from mlgitops.usecases.columns import model_columns
from mlgitops.usecases.measuring import measured
from mlgitops.usecases.training import Training, fit, record

if TYPE_CHECKING:
    from mlgitops.evaluation.predictions import Predictions
    from mlgitops.model.pipeline import Evaluate, Pipeline
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.scoring import Rows


@dataclass(frozen=True, slots=True)
class Retrained:
    """What the pipeline asked for; the rest is None."""

    noise: TrainingNoise | None = None
    reproduction: Reproduction | None = None
    shuffled: ShuffledLabels | None = None


def retrain(
    run: RunContext, answers: tuple[Rows, Rows], candidate: Predictions, folder: Path
) -> Retrained:
    """Train again as often as asked, in *folder*; *answers* are those of train and holdout.

    Raises:
        SpecError: the user's code fails in one of the trainings, which is named, or
            it has changed since the candidate was trained.
    """
    asked = run.pipeline.evaluate
    if not (asked.seeds or asked.repeats or asked.shuffles):
        return Retrained()
    _require_unchanged(run)
    known, rows = answers
    again = _Again.prepare(run, rows, folder / "retraining")
    return Retrained(
        reproduction=_reproduction(again, candidate) if asked.repeats else None,
        shuffled=_shuffled(again, known, candidate) if asked.shuffles else None,
        # Last, as metric functions are shown the answers there.
        noise=_noise(again, asked, candidate) if asked.seeds else None,
    )


@dataclass(frozen=True, slots=True)
class _Again:
    """Where models are trained again; *holdout* is its rows without the label."""

    run: RunContext
    rows: Rows
    folder: Path
    holdout: Path

    @classmethod
    def prepare(cls, run: RunContext, rows: Rows, folder: Path) -> _Again:
        folder.mkdir()
        holdout, every_row = folder / "holdout.parquet", np.ones(len(rows.truth), dtype=bool)
        source = run.path("split", "holdout")
        run.neighbours.tables.take(source, every_row, list(model_columns(run)), holdout)
        return cls(run, rows, folder, holdout)

    def predictions(self, training: Training, name: str) -> tuple[Predictions, str]:
        """What the model of *training*, called *name*, predicts, and its manifest's digest."""
        model = self.folder / name
        with self.run.neighbours.progress.step(f"evaluate: {name}"):
            try:
                fit(self.run, training, model)
                found = scoring.predict(self.run, model, self.holdout, self.rows, name=name)
            except SpecError as error:
                message = f"training again for `evaluate` ({name}): {error.message}"
                raise SpecError(message, hint=error.hint, details=error.details) from error
        name_of_bytes = manifest(model).digest
        shutil.rmtree(model)
        return found, name_of_bytes


def _noise(again: _Again, asked: Evaluate, candidate: Predictions) -> TrainingNoise:
    """How the metrics move with the seed; those asked for are distinct, and not its own."""
    original = Training.of(again.run)
    models = [candidate]
    for seed in asked.seeds:
        model, _ = again.predictions(replace(original, seed=seed), f"seed-{seed}")
        models.append(model)
    models = measured(again.run, again.rows, models, again.folder / "seeds-scored.parquet")
    points = [scoring.points(asked.metrics, again.rows, model) for model in models]
    metrics: dict[str, SeedSpread] = {}
    for name in asked.metrics:
        if all(name in found for found in points):
            try:
                metrics[name] = repetition.spread([found[name] for found in points])
            except Undefined:
                continue
    return TrainingNoise(seeds=[original.seed, *asked.seeds], metrics=metrics)


def _reproduction(again: _Again, candidate: Predictions) -> Reproduction | None:
    """The candidate's training once more, compared on the first rows of the holdout."""
    run = again.run
    repeated, name_of_bytes = again.predictions(Training.of(run), "repeated")
    first, second = (model.scores[: repetition.PROBE_ROWS] for model in (candidate, repeated))
    if first.shape != second.shape:
        raise SpecError(
            "training again for `evaluate` (repeated): the model knows the classes "
            f"{', '.join(repeated.classes)}, the candidate {', '.join(candidate.classes)}",
            hint="training on the same rows must find the same classes",
        )
    try:
        difference = repetition.largest_difference(first, second)
    except Undefined:
        return None
    return Reproduction(
        manifest=name_of_bytes,
        is_same_manifest=name_of_bytes == run.digest("train", "model"),
        predictions=repetition.predictions_digest(first),
        repeated_predictions=repetition.predictions_digest(second),
        rows=len(first),
        max_difference=difference,
    )


def _shuffled(again: _Again, known: Rows, candidate: Predictions) -> ShuffledLabels | None:
    """A model of shuffled labels, and the candidate, each against the dummy on the holdout."""
    run, rows = again.run, again.rows
    model, _ = again.predictions(_with_shuffled_labels(again, len(known.truth)), "shuffled-labels")
    dummy = baseline.prior(known.truth, len(rows.truth), run.pipeline.task, rows.classes)
    metric, confidence = _graded_metric(run.pipeline), run.pipeline.evaluate.confidence
    shuffled, honest = (
        scoring.comparisons([metric], rows, one, dummy, confidence).get(metric)
        for one in (model, candidate)
    )
    if shuffled is None or honest is None:
        return None
    return ShuffledLabels(metric=metric, comparison=shuffled, candidate=honest)


def _with_shuffled_labels(again: _Again, rows: int) -> Training:
    """The candidate's training with the labels in another order, in both of its tables."""
    run, original = again.run, Training.of(again.run)
    order = repetition.shuffled_order(rows, original.seed)
    features, raw = again.folder / "shuffled-features.parquet", again.folder / "shuffled.parquet"
    for table, out in ((original.features, features), (original.raw, raw)):
        run.neighbours.tables.reorder(table, run.pipeline.label, order, out)
    return replace(original, features=features, raw=raw)


def _graded_metric(pipeline: Pipeline) -> str:
    """A metric in which a model of noise is near the dummy.

    Not a rank metric: noise gives each feature a random sign, however small a weight,
    and with few features the ranks are then the candidate's, or their reverse.
    """
    if pipeline.task == "binary-classification":
        return "brier"
    if pipeline.task == "multiclass-classification":
        return "log_loss"
    builtin = (name for name in pipeline.evaluate.metrics if name in ("rmse", "mae", "r2"))
    return next(builtin, "rmse")


def _require_unchanged(run: RunContext) -> None:
    """Refuse to compare with a model that was made of other code.

    Raises:
        SpecError: the code was changed while the run went on.
    """
    made, now = run.json("train", "train")["record"], record(run)
    changed = [name for name in ("spec", "code", "data", "params", "environment", "seed")
               if made.get(name) != now.get(name)]  # fmt: skip
    if changed:
        raise SpecError(
            f"the training's {' and '.join(changed)} changed since the candidate was trained",
            hint=f"run again, and edit nothing meanwhile: mlgitops run {run.pipeline.name}",
        )
