"""Scores candidate, champions and dummy, and writes down what came of it.

Models are scored by a worker that never sees a label; every number is computed
here, from predictions and labels.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlgitops.folders import file_sha256
from mlgitops.model.curves import Curves
from mlgitops.model.digest import digest, short
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases import champions, dossier, scoring
from mlgitops.usecases.columns import model_columns, require, table_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgitops.evaluation.predictions import Predictions
    from mlgitops.model.evidence import Evidence
    from mlgitops.usecases.context import RunContext

_CANDIDATE = "candidate"
_TRAIN_ROWS = 50_000


def judge(run: RunContext, folder: Path) -> dict[str, Path]:
    """Score the models in *folder*; the outputs of the evaluate step by name."""
    known, rows = scoring.answers(run)
    scored = _score(run, rows, folder)
    candidate = scored[_CANDIDATE]
    train_metrics = _train_metrics(run, known, folder)
    findings = dossier.examine(run, candidate_digest(run), (known, rows), candidate, train_metrics)
    outputs = {"scores": _write_scores(run, rows, scored, folder)}
    scores_digest = f"sha256:{file_sha256(outputs['scores'])}"
    drawn = scoring.curves(run, rows, candidate)
    released = champions.released(run)
    standings, curves = {}, {}
    for pin in dict.fromkeys(released.values()):
        champion = (pin, scored[pin.manifest]) if pin else None
        standings[pin] = dossier.stand(run, findings, rows, champion)
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


def _score(run: RunContext, rows: scoring.Rows, folder: Path) -> dict[str, Predictions]:
    """Predictions on the holdout of the candidate and, by manifest, the champions."""
    released = champions.fetch(run)
    holdout = run.path("split", "holdout")
    wanted = dict.fromkeys(model_columns(run))
    for champion in released.values():
        place = f"the signature of released version {champion.pin.version}"
        require(table_columns(run), champion.columns, place)
        wanted |= dict.fromkeys(champion.columns)
    wanted.pop(run.pipeline.label, None)
    unlabelled = folder / "unlabelled.parquet"
    every_row = np.ones(len(rows.truth), dtype=bool)
    run.neighbours.tables.take(holdout, every_row, list(wanted), unlabelled)
    scored = {}
    for manifest, champion in released.items():
        champions.verify(run, champion)
        name = f"champion-{champion.pin.version}"
        scored[manifest] = scoring.predict(run, champion.folder, unlabelled, rows, name=name)
        champions.verify(run, champion)
    # Last: by now its code can no longer change what it is compared with.
    model = run.path("train", "model")
    candidate = scoring.predict(run, model, unlabelled, rows, name=_CANDIDATE)
    return {_CANDIDATE: candidate} | scored


def _train_metrics(run: RunContext, known: scoring.Rows, folder: Path) -> dict[str, float]:
    """Points on at most 50,000 training rows, to show the gap to the holdout."""
    total = len(known.truth)
    chosen = np.zeros(total, dtype=bool)
    chosen[np.linspace(0, total - 1, min(_TRAIN_ROWS, total)).astype(int)] = True
    table, part = folder / "train-unlabelled.parquet", known.take(chosen)
    train = run.path("split", "train")
    run.neighbours.tables.take(train, chosen, list(model_columns(run)), table)
    model = run.path("train", "model")
    predictions = scoring.predict(run, model, table, part, name="candidate-on-train")
    return scoring.points(run.pipeline.evaluate.metrics, part, predictions)


def _write_scores(
    run: RunContext, rows: scoring.Rows, scored: dict[str, Predictions], folder: Path
) -> Path:
    """Every row's truth and scores, so that each number can be computed again."""
    columns: dict[str, NDArray[Any]] = {"truth": rows.truth}
    for key, predictions in scored.items():
        name = key if key == _CANDIDATE else f"champion_{short(key)}"
        columns |= scoring.score_columns(name, predictions)
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
