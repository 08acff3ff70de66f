"""Compiles evidence: what was found about a candidate, for one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.folders import manifest
from mlgitops.model.evidence import (
    SCHEMA,
    DataRecord,
    Evidence,
    Inputs,
    Producer,
    Subject,
    TrainingInputs,
)
from mlgitops.model.examinations import Card, Cost
from mlgitops.model.run import STEPS
from mlgitops.usecases.freshness import examination

if TYPE_CHECKING:
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.findings import Findings, Standing


# The steps that make a candidate, as against those that judge it.
_MAKING = STEPS[: STEPS.index("train") + 1]


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
