"""fairness: how far groups of the holdout are apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlgitops.evaluation import fairness as compared
from mlgitops.evaluation import slices
from mlgitops.model.examinations import Fairness, Group
from mlgitops.usecases.sections.slices import lacking, positives

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgitops.evaluation.predictions import Predictions
    from mlgitops.model.estimates import Estimate
    from mlgitops.model.pipeline import SliceBy
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.scoring import Rows


def fairness(
    run: RunContext, columns: Mapping[str, NDArray[Any]], rows: Rows, candidate: Predictions
) -> dict[str, Fairness]:
    """Every comparison of groups that the pipeline asks for, by its columns."""
    asked = run.pipeline.evaluate
    return {
        slices.title(declared.columns): _comparison(
            declared, columns, rows, candidate, asked.confidence
        )
        for declared in asked.groups
    }


def _comparison(
    declared: SliceBy,
    columns: Mapping[str, NDArray[Any]],
    rows: Rows,
    candidate: Predictions,
    confidence: float,
) -> Fairness:
    task = candidate.task
    groups = {name: (mask, rows.take(mask)) for name, mask in slices.parts(columns, declared)}
    judged = {
        name: mask for name, (mask, part) in groups.items() if lacking(declared, part, task) is None
    }
    found = compared.compare(judged, rows.truth, candidate, confidence, rows.clusters)
    return Fairness(
        by=list(declared.columns),
        groups=[
            _group(name, part, task, found.rates.get(name, {}))
            for name, (_, part) in groups.items()
        ],
        gaps=found.gaps,
    )


def _group(name: str, rows: Rows, task: str, rates: dict[str, Estimate]) -> Group:
    group = Group(name=name, n=len(rows.truth), rates=rates)
    if task == "binary-classification":
        group["positives"] = positives(rows)
    return group
