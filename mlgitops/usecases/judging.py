"""Judges the candidate, and writes down what came of it: evidence, curves and scores."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.folders import file_sha256
from mlgitops.model.curves import Curves
from mlgitops.model.digest import digest, short
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases import champions, dossier, predicting, scoring
from mlgitops.usecases.columns import require_met
from mlgitops.usecases.findings import examine, stand
from mlgitops.usecases.sections.reports import reports

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgitops.evaluation.predictions import Predictions
    from mlgitops.model.evidence import Evidence
    from mlgitops.usecases.context import RunContext

_CANDIDATE = "candidate"


def judge(run: RunContext, folder: Path) -> dict[str, Path]:
    """Score the models in *folder*; the outputs of the evaluate step by name."""
    require_met(run)
    documents = reports(run)
    known, rows = scoring.answers(run)
    models = champions.fetch(run)
    predicted = predicting.predict(run, (known, rows), models, folder)
    candidate = predicted.candidate
    scored = {_CANDIDATE: candidate, **predicted.champions}
    findings = examine(run, candidate_digest(run), (known, rows), predicted, documents)
    outputs = {"scores": _write_scores(run, rows, scored, folder)}
    scores_digest = f"sha256:{file_sha256(outputs['scores'])}"
    drawn = scoring.curves(run, rows, candidate)
    released = champions.released(run)
    standings, curves = {}, {}
    for pin in dict.fromkeys(released.values()):
        champion = (models[pin.manifest], scored[pin.manifest]) if pin else None
        standings[pin] = stand(run, findings, rows, champion)
        theirs = scoring.curves(run, rows, champion[1]) if champion else None
        curves[pin] = Curves(candidate=drawn, champion=theirs)
    for environment, pin in released.items():
        document = dossier.compile_evidence(
            run, environment, findings, standings[pin], scores_digest
        )
        outputs |= _write_documents(environment, document, curves[pin], folder)
    return outputs


def candidate_digest(run: RunContext) -> str:
    """The candidate's identity: what made it, and what came out."""
    made = run.json("train", "train")["record"]["digest"]
    return digest({"inputs": made, "manifest": run.digest("train", "model")})


def _write_scores(
    run: RunContext, rows: scoring.Rows, scored: dict[str, Predictions], folder: Path
) -> Path:
    """Every row's truth, cluster if any, and scores: each number can be computed again."""
    columns: dict[str, NDArray[Any]] = {"truth": rows.truth}
    if rows.clusters is not None:
        columns["cluster"] = rows.clusters
    for key, predictions in scored.items():
        name = key if key == _CANDIDATE else f"champion_{short(key)}"
        columns |= scoring.score_columns(name, predictions)
        for metric, found in predictions.measured.items():
            columns[f"{name}/{metric}"] = found.values
    path = folder / "scores.parquet"
    run.neighbours.tables.write(columns, path)
    return path


def _write_documents(
    environment: str, evidence: Evidence, curves: Curves, folder: Path
) -> dict[str, Path]:
    judged = folder / f"evidence-{environment}.json"
    judged.write_bytes(evidence_file.encode(evidence))
    drawn = folder / f"curves-{environment}.json"
    drawn.write_text(json.dumps(asdict(curves)))
    return {judged.stem: judged, drawn.stem: drawn}
