"""robustness: the candidate on perturbed rows of the holdout.

A model that fails on perturbed rows is a finding, as is a metric function that fails on
what the model predicted there: the record has no numbers, so no rule that asks for them
passes, and the step's log says what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.evaluation import perturbations
from mlgitops.evaluation.predictions import Predictions
from mlgitops.model.errors import SpecError
from mlgitops.model.examinations import Robustness
from mlgitops.usecases import scoring
from mlgitops.usecases.columns import NUMBERS, columns_of, model_columns
from mlgitops.usecases.measuring import measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mlgitops.model.pipeline import Perturbation
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.scoring import Rows


@dataclass(frozen=True, slots=True)
class Trial:
    """One perturbation: how many *rows* it changed, and what the candidate made of them.

    *predictions* are None where it or a metric function failed, or where no row was changed.
    """

    how: Perturbation
    rows: int
    predictions: Predictions | None


def trials(run: RunContext, rows: Rows, folder: Path) -> list[Trial]:
    """The candidate on every perturbation that the pipeline asks for; tables go to *folder*."""
    asked = run.pipeline.evaluate.perturbations
    if not asked:
        return []
    holdout = run.path("split", "holdout")
    columns = run.neighbours.tables.read(holdout, list(model_columns(run)))
    return [_trial(run, how, columns, rows, folder) for how in asked]


def with_measures(run: RunContext, rows: Rows, tried: Sequence[Trial], folder: Path) -> list[Trial]:
    """*tried* with every metric function that is asked for; tables go to *folder*.

    Each in a job of its own, so that a function that fails on one spoils no other.
    """
    return [
        trial
        if trial.predictions is None
        else replace(trial, predictions=_measured(run, rows, trial, trial.predictions, folder))
        for trial in tried
    ]


def _measured(
    run: RunContext, rows: Rows, trial: Trial, predictions: Predictions, folder: Path
) -> Predictions | None:
    table = folder / f"scored-on-perturbed-{trial.how.name}.parquet"
    try:
        (found,) = measured(run, rows, [predictions], table)
    except SpecError as error:
        _note(run, error, f"on perturbed rows {trial.how.name}: ")
        return None
    return found


def _note(run: RunContext, error: SpecError, place: str = "") -> None:
    run.printed.append(f"{place}{error.message}\n{error.details or ''}\n".encode())


def robustness(
    run: RunContext, rows: Rows, candidate: Predictions, tried: Sequence[Trial]
) -> dict[str, Robustness]:
    """What each of *tried* costs against *candidate*, the unperturbed predictions, by name."""
    asked = run.pipeline.evaluate
    found = {}
    for trial in tried:
        record = Robustness(
            kind=perturbations.kind(trial.how), rows=trial.rows, metrics={}, comparison={}
        )
        if trial.predictions is not None:
            theirs, confidence = trial.predictions, asked.confidence
            record["metrics"] = scoring.estimates(asked.metrics, rows, theirs, confidence)
            record["comparison"] = scoring.comparisons(
                asked.metrics, rows, theirs, candidate, confidence
            )
        found[trial.how.name] = record
    return found


def _trial(
    run: RunContext,
    how: Perturbation,
    columns: Mapping[str, NDArray[Any]],
    rows: Rows,
    folder: Path,
) -> Trial:
    tables, holdout = run.neighbours.tables, run.path("split", "holdout")
    changed = perturbations.perturb(how, columns, columns_of(run, NUMBERS), _unseen(run, how))
    count = perturbations.changed_rows(columns, changed)
    if not count:
        return Trial(how, 0, None)
    table = folder / f"perturbed-{how.name}.parquet"
    tables.write(changed, table, like=holdout)
    name = f"candidate-on-perturbed-{how.name}"
    try:
        predictions = scoring.predict(run, run.path("train", "model"), table, rows, name=name)
    except SpecError as error:
        _note(run, error)
        return Trial(how, count, None)
    finally:
        table.unlink()
    return Trial(how, count, predictions)


def _unseen(run: RunContext, how: Perturbation) -> str:
    """A text that stands nowhere in the columns, neither in train nor in the holdout."""
    tables, names = run.neighbours.tables, list(how.unseen)
    sides = (tables.read(run.path("split", side), names) for side in ("train", "holdout"))
    return perturbations.unseen_value([column for side in sides for column in side.values()])
