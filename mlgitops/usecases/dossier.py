"""Compiles evidence: what was found about a candidate, for one environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlgitops.evaluation import calibration
from mlgitops.evaluation.undefined import Undefined
from mlgitops.folders import manifest
from mlgitops.model.estimates import Comparison, Estimate
from mlgitops.model.evidence import (
    SCHEMA,
    Baseline,
    Calibration,
    Champion,
    DataRecord,
    Evidence,
    Inputs,
    Leakage,
    Producer,
    SliceRecord,
    Subject,
    TrainingInputs,
)
from mlgitops.model.examinations import (
    Artifact,
    Card,
    Compatibility,
    Cost,
    Dependency,
    Drift,
    Fairness,
    HoldoutUse,
    ReferenceColumn,
    Robustness,
)
from mlgitops.model.run import STEPS
from mlgitops.usecases import scoring, signatures
from mlgitops.usecases.freshness import examination
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
    from mlgitops.model.spec import Evaluate, Pin
    from mlgitops.usecases.champions import ChampionModel
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.predicting import Predicted


# The steps that make a candidate, as against those that judge it.
_MAKING = STEPS[: STEPS.index("train") + 1]


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


def compile_evidence(
    run: RunContext, environment: str, findings: Findings, standing: Standing, scores: str
) -> Evidence:
    """The document for *environment*; *scores* is the digest of the per-row scores."""
    document = Evidence(
        schema=SCHEMA,
        environment=environment,
        subject=_subject(run, findings.candidate),
        inputs=_inputs(run),
        data=_data(run),
        metrics=findings.metrics,
        train_metrics=findings.predicted.train_metrics,
        champion=standing.champion,
        comparison=standing.comparison,
        baseline=findings.baseline,
        slices=standing.slices,
        calibration=findings.calibration,
        leakage=findings.leakage,
        fairness=findings.fairness,
        robustness=findings.robustness,
        artifact=findings.artifact,
        dependencies=findings.dependencies,
        reference=findings.reference,
        holdout=findings.holdout,
        card=_card(run),
        cost=_cost(run),
        scores=scores,
        producer=_producer(run),
        ext=dict(findings.reports),
    )
    if findings.predicted.latency is not None:
        document["latency"] = findings.predicted.latency
    if findings.predicted.retrained.noise is not None:
        document["noise"] = findings.predicted.retrained.noise
    if findings.predicted.retrained.reproduction is not None:
        document["reproduction"] = findings.predicted.retrained.reproduction
    if standing.compatibility is not None:
        document["compatibility"] = standing.compatibility
    if standing.drift is not None:
        document["drift"] = standing.drift
    return document


def _cut_by(asked: Evaluate) -> list[str]:
    """The columns that slices and groups are made of, each once."""
    cuts = (*asked.slices, *asked.groups)
    by = (column for cut in cuts for column in cut.columns)
    where = (condition.column for cut in cuts for condition in cut.where)
    return list(dict.fromkeys((*by, *where)))


def _inputs(run: RunContext) -> Inputs:
    trained: TrainingInputs = run.json("train", "train")["record"]
    return Inputs(**trained, evaluate=examination(run.pipeline, run.dataset))


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
    if run.dataset.licence:
        record["licence"] = run.dataset.licence
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


def _card(run: RunContext) -> Card:
    card = run.pipeline.card
    return Card(
        description=card.description,
        owners=list(card.owners),
        intended_use=card.intended_use,
        limitations=card.limitations,
        licence=card.licence,
    )


def _cost(run: RunContext) -> Cost:
    seconds = {step: run.durations[step] for step in _MAKING if step in run.durations}
    return Cost(seconds=seconds, total_seconds=sum(seconds.values()))


def _producer(run: RunContext) -> Producer:
    origin = run.origin
    return Producer(
        time=run.neighbours.clock.now().isoformat(timespec="seconds"),
        commit=origin.commit,
        dirty=origin.dirty,
        actor=origin.actor,
        trigger=origin.trigger,
        workflow=origin.workflow,
        versions=dict(origin.versions),
        sample=run.sample,
        sandbox=run.neighbours.worker.sandbox,
    )
