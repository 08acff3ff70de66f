"""Compiles evidence: what was found about a candidate, for one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlgitops.evaluation import baseline, calibration, leakage
from mlgitops.evaluation.undefined import Undefined
from mlgitops.folders import manifest
from mlgitops.model.evidence import (
    SCHEMA,
    Baseline,
    Calibration,
    Champion,
    Comparison,
    DataRecord,
    Estimate,
    Evidence,
    FeatureAuc,
    Leakage,
    Producer,
    SliceRecord,
    Subject,
)
from mlgitops.usecases import scoring
from mlgitops.usecases.columns import model_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgitops.evaluation.predictions import Predictions
    from mlgitops.model.spec import Pin
    from mlgitops.usecases.context import RunContext


@dataclass(frozen=True, slots=True)
class Findings:
    """What does not depend on the environment."""

    candidate: str
    predictions: Predictions
    metrics: dict[str, Estimate]
    train_metrics: dict[str, float]
    baseline: Baseline
    calibration: Calibration | None
    leakage: Leakage
    slice_columns: dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the candidate stands beside one champion, or with none to beat."""

    champion: Champion | None
    comparison: dict[str, Comparison]
    slices: list[SliceRecord]


def examine(
    run: RunContext,
    candidate: str,
    answers: tuple[scoring.Rows, scoring.Rows],
    predictions: Predictions,
    train_metrics: dict[str, float],
) -> Findings:
    """Judge the candidate by itself: metrics, dummy, calibration, leakage.

    *answers* are those of train and holdout; *predictions* are on the holdout.
    """
    known, rows = answers
    asked = run.pipeline.evaluate
    holdout = run.path("split", "holdout")
    by = list(dict.fromkeys(column for part in asked.slices for column in part.columns))
    return Findings(
        candidate=candidate,
        predictions=predictions,
        metrics=scoring.estimates(asked.metrics, rows, predictions, asked.confidence),
        train_metrics=train_metrics,
        baseline=_baseline(run, known, rows, predictions),
        calibration=_calibration(run, rows, predictions),
        leakage=_leakage(run, known),
        slice_columns=run.neighbours.tables.read(holdout, by),
    )


def stand(
    run: RunContext,
    findings: Findings,
    rows: scoring.Rows,
    champion: tuple[Pin, Predictions] | None,
) -> Standing:
    """Judge the candidate beside *champion*, on the same rows."""
    asked, candidate = run.pipeline.evaluate, findings.predictions
    other = champion[1] if champion else None
    return Standing(
        champion=_champion(run, rows, *champion) if champion else None,
        comparison=scoring.comparisons(asked.metrics, rows, candidate, other, asked.confidence)
        if other
        else {},
        slices=scoring.judge_slices(run, findings.slice_columns, rows, candidate, other),
    )


def compile_evidence(
    run: RunContext, environment: str, findings: Findings, standing: Standing, scores: str
) -> Evidence:
    """The document for *environment*; *scores* is the digest of the per-row scores."""
    return Evidence(
        schema=SCHEMA,
        environment=environment,
        subject=_subject(run, findings.candidate),
        inputs=run.json("train", "train")["record"],
        data=_data(run),
        metrics=findings.metrics,
        train_metrics=findings.train_metrics,
        champion=standing.champion,
        comparison=standing.comparison,
        baseline=findings.baseline,
        slices=standing.slices,
        calibration=findings.calibration,
        leakage=findings.leakage,
        scores=scores,
        producer=_producer(run),
        ext={},
    )


def _subject(run: RunContext, candidate: str) -> Subject:
    model = run.path("train", "model")
    return Subject(
        model=run.pipeline.name,
        task=run.pipeline.task,
        candidate=candidate,
        manifest=run.digest("train", "model"),
        size_bytes=manifest(model).size_bytes,
        inputs=run.json("train", "train")["inputs"],
    )


def _data(run: RunContext) -> DataRecord:
    extraction = run.json("extract", "extraction")
    record = DataRecord(
        dataset=run.dataset.name,
        digest=run.digest("extract", "table"),
        rows=extraction["rows"],
        columns=extraction["columns"],
        label=run.pipeline.label,
        sources=extraction["sources"],
        validation=run.json("validate", "validation"),
        split=run.json("split", "split"),
    )
    if extraction["window"]:
        record["window"] = extraction["window"]
    return record


def _champion(run: RunContext, rows: scoring.Rows, pin: Pin, predictions: Predictions) -> Champion:
    asked = run.pipeline.evaluate
    return Champion(
        version=pin.version,
        candidate=pin.candidate,
        manifest=pin.manifest,
        metrics=scoring.estimates(asked.metrics, rows, predictions, asked.confidence),
    )


def _baseline(
    run: RunContext, known: scoring.Rows, rows: scoring.Rows, candidate: Predictions
) -> Baseline:
    asked, task = run.pipeline.evaluate, run.pipeline.task
    dummy = baseline.prior(known.truth, len(rows.truth), task, rows.classes)
    return Baseline(
        kind="mean" if task == "regression" else "prior",
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
            rows.truth, predictions.scores, run.pipeline.evaluate.confidence
        )
    except Undefined:
        return None


def _leakage(run: RunContext, known: scoring.Rows) -> Leakage:
    """Signs of leakage, from the training rows and from what stands on both sides."""
    tables, train = run.neighbours.tables, run.path("split", "train")
    seen = model_columns(run)
    holdout = run.path("split", "holdout")
    compared = [*seen, run.pipeline.label]
    duplicates = leakage.duplicate_rows(
        tables.row_digests(train, compared), tables.row_digests(holdout, compared)
    )
    features: list[FeatureAuc] = []
    for name, values in tables.read(train, list(seen)).items():
        auc = leakage.feature_auc(values, known.truth, run.pipeline.task)
        if auc is not None:
            features.append(FeatureAuc(column=name, auc=auc))
    features.sort(key=lambda feature: (-feature["auc"], feature["column"]))
    return Leakage(
        duplicate_rows=duplicates,
        duplicate_share=duplicates / run.json("split", "split")["holdout"]["rows"],
        features=features,
        max_feature_auc=features[0]["auc"] if features else 0.5,
        after_the_fact=[name for name in seen if name in run.dataset.after_the_fact],
    )


def _producer(run: RunContext) -> Producer:
    origin = run.origin
    return Producer(
        commit=origin.commit,
        dirty=origin.dirty,
        actor=origin.actor,
        trigger=origin.trigger,
        workflow=origin.workflow,
        versions=dict(origin.versions),
        sample=run.sample,
        sandbox=run.neighbours.worker.sandbox,
    )
