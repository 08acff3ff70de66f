"""What is found about a candidate: by itself, and beside the model that is released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlgitops.evaluation import calibration
from mlgitops.evaluation.undefined import Undefined
from mlgitops.model.estimates import Comparison, Estimate
from mlgitops.model.evidence import Baseline, Calibration, Champion, Leakage, SliceRecord
from mlgitops.model.examinations import (
    Artifact,
    Compatibility,
    Dependency,
    Drift,
    Fairness,
    HoldoutUse,
    ReferenceColumn,
    Robustness,
)
from mlgitops.usecases import scoring, signatures
from mlgitops.usecases.sections.artifact import artifact
from mlgitops.usecases.sections.dependencies import dependencies
from mlgitops.usecases.sections.fairness import fairness
from mlgitops.usecases.sections.holdout import holdout_use
from mlgitops.usecases.sections.leaks import leaks
from mlgitops.usecases.sections.reference import drift, reference
from mlgitops.usecases.sections.robustness import robustness
from mlgitops.usecases.sections.slices import judge_slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgitops.evaluation.predictions import Predictions
    from mlgitops.model.pipeline import Evaluate
    from mlgitops.model.spec import Pin
    from mlgitops.usecases.champions import ChampionModel
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.predicting import Predicted


@dataclass(frozen=True, slots=True)
class Findings:
    """What does not depend on the environment."""

    candidate: str
    predicted: Predicted
    metrics: dict[str, Estimate]
    baseline: Baseline
    calibration: Calibration | None
    leakage: Leakage
    fairness: dict[str, Fairness]
    robustness: dict[str, Robustness]
    signature: signatures.Signature
    artifact: Artifact
    dependencies: list[Dependency]
    reference: list[ReferenceColumn]
    holdout: HoldoutUse
    reports: Mapping[str, Any]
    slice_columns: dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the candidate stands beside one champion, or with none to beat."""

    champion: Champion | None
    comparison: dict[str, Comparison]
    slices: list[SliceRecord]
    compatibility: Compatibility | None
    drift: list[Drift] | None


def examine(
    run: RunContext,
    candidate: str,
    answers: tuple[scoring.Rows, scoring.Rows],
    predicted: Predicted,
    reports: Mapping[str, Any],
) -> Findings:
    """Judge the candidate by itself.

    *answers* are those of train and holdout; *reports* are by their names under `ext`.
    """
    known, rows = answers
    asked, predictions = run.pipeline.evaluate, predicted.candidate
    columns = run.neighbours.tables.read(run.path("split", "holdout"), _cut_by(asked))
    model = run.path("train", "model")
    return Findings(
        candidate=candidate,
        predicted=predicted,
        metrics=scoring.estimates(asked.metrics, rows, predictions, asked.confidence),
        baseline=_baseline(run, rows, predictions, predicted.dummy),
        calibration=_calibration(run, rows, predictions),
        leakage=leaks(run, known, predicted.retrained.shuffled),
        fairness=fairness(run, columns, rows, predictions),
        robustness=robustness(run, rows, predictions, predicted.trials),
        signature=signatures.read(model),
        artifact=artifact(model),
        dependencies=dependencies(model),
        reference=reference(run),
        holdout=holdout_use(run, candidate),
        reports=reports,
        slice_columns=columns,
    )


def stand(
    run: RunContext,
    findings: Findings,
    rows: scoring.Rows,
    champion: tuple[ChampionModel, Predictions] | None,
) -> Standing:
    """Judge the candidate beside *champion*, on the same rows."""
    asked, candidate = run.pipeline.evaluate, findings.predicted.candidate
    slices = judge_slices(
        run, findings.slice_columns, rows, candidate, champion[1] if champion else None
    )
    if champion is None:
        return Standing(None, {}, slices, None, None)
    model, other = champion
    return Standing(
        champion=_champion(run, rows, model.pin, other),
        comparison=scoring.comparisons(asked.metrics, rows, candidate, other, asked.confidence),
        slices=slices,
        compatibility=signatures.compare(model.signature, findings.signature),
        drift=drift(run, model.pin),
    )


def _cut_by(asked: Evaluate) -> list[str]:
    """The columns that slices and groups are made of, each once."""
    cuts = (*asked.slices, *asked.groups)
    by = (column for cut in cuts for column in cut.columns)
    where = (condition.column for cut in cuts for condition in cut.where)
    return list(dict.fromkeys((*by, *where)))


def _champion(run: RunContext, rows: scoring.Rows, pin: Pin, predictions: Predictions) -> Champion:
    asked = run.pipeline.evaluate
    return Champion(
        version=pin.version,
        candidate=pin.candidate,
        manifest=pin.manifest,
        metrics=scoring.estimates(asked.metrics, rows, predictions, asked.confidence),
    )


def _baseline(
    run: RunContext, rows: scoring.Rows, candidate: Predictions, dummy: Predictions
) -> Baseline:
    asked = run.pipeline.evaluate
    return Baseline(
        kind="mean" if run.pipeline.task == "regression" else "prior",
        metrics=scoring.estimates(asked.metrics, rows, dummy, asked.confidence),
        comparison=scoring.comparisons(asked.metrics, rows, candidate, dummy, asked.confidence),
    )


def _calibration(
    run: RunContext, rows: scoring.Rows, predictions: Predictions
) -> Calibration | None:
    if run.pipeline.task != "binary-classification":
        return None
    try:
        return calibration.calibration(
            rows.truth, predictions.scores, run.pipeline.evaluate.confidence, rows.clusters
        )
    except Undefined:
        return None
