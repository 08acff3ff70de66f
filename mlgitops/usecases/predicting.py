"""Every prediction that a candidate is judged by, all made before an answer is shown.

Models are scored by a worker that never sees a label of the holdout. The metric
functions of the user's need them, so they run last, on predictions that nobody can
change any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlgitops.evaluation import baseline
from mlgitops.usecases import champions, scoring
from mlgitops.usecases.columns import model_columns, require, table_columns
from mlgitops.usecases.measuring import measured
from mlgitops.usecases.sections.latency import latency
from mlgitops.usecases.sections.retraining import Retrained, retrain
from mlgitops.usecases.sections.robustness import Trial, trials, with_measures
from mlgitops.usecases.sections.train_metrics import train_metrics

if TYPE_CHECKING:
    from mlgitops.evaluation.predictions import Predictions
    from mlgitops.model.examinations import Latency
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.scoring import Rows


@dataclass(frozen=True, slots=True)
class Predicted:
    """On the holdout: the candidate, the dummy, and the champions by manifest.

    *trials* are the candidate on perturbed rows; the rest is what else its model and
    its training were asked.
    """

    candidate: Predictions
    dummy: Predictions
    champions: Mapping[str, Predictions]
    trials: list[Trial]
    retrained: Retrained
    train_metrics: dict[str, float]
    latency: Latency | None


def predict(
    run: RunContext,
    answers: tuple[Rows, Rows],
    released: Mapping[str, champions.ChampionModel],
    folder: Path,
) -> Predicted:
    """Have all models predict, then measure; *answers* are those of train and holdout.

    *released* are the champions by manifest; tables go to *folder*.

    Raises:
        SpecError: a model or a metric function failed, other than on perturbed rows.
    """
    known, rows = answers
    others, candidate = _score(run, rows, released, folder)
    tried = trials(run, rows, folder)
    timed = latency(run, folder)
    on_train = train_metrics(run, known, folder)
    retrained = retrain(run, answers, candidate, folder)
    dummy = baseline.prior(known.truth, len(rows.truth), run.pipeline.task, rows.classes)
    made = [candidate, dummy, *others.values()]
    candidate, dummy, *rest = measured(run, rows, made, folder / "scored.parquet")
    return Predicted(
        candidate=candidate,
        dummy=dummy,
        champions=dict(zip(others, rest, strict=True)),
        trials=with_measures(run, rows, tried, folder),
        retrained=retrained,
        train_metrics=on_train,
        latency=timed,
    )


def _score(
    run: RunContext,
    rows: Rows,
    released: Mapping[str, champions.ChampionModel],
    folder: Path,
) -> tuple[dict[str, Predictions], Predictions]:
    """Predictions on the holdout of the champions, by manifest, and of the candidate."""
    holdout = run.path("split", "holdout")
    there, wanted = table_columns(run), dict.fromkeys(model_columns(run))
    for champion in released.values():
        place = f"the signature of released version {champion.pin.version}"
        require(there, champion.signature.required, place)
        wanted |= dict.fromkeys(name for name in champion.signature.columns if name in there)
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
    return scored, scoring.predict(run, model, unlabelled, rows, name="candidate")
