"""leakage: signs that the candidate knew the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlgitops.evaluation import leakage
from mlgitops.model.evidence import FeatureAuc, Leakage
from mlgitops.model.examinations import LookAhead
from mlgitops.usecases import cutting
from mlgitops.usecases.columns import model_columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlgitops.model.examinations import ShuffledLabels
    from mlgitops.usecases.context import RunContext
    from mlgitops.usecases.scoring import Rows

# How Arrow's names of types begin that hold moments or days.
_TIMES = ("timestamp", "date")


def leaks(run: RunContext, known: Rows, shuffled: ShuffledLabels | None) -> Leakage:
    """Signs of leakage, from the training rows and from what stands on both sides."""
    seen = model_columns(run)
    duplicates, features = _duplicates(run, seen), _features(run, seen, known)
    found = Leakage(
        duplicate_rows=duplicates,
        duplicate_share=duplicates / run.json("split", "split")["holdout"]["rows"],
        features=features,
        max_feature_auc=features[0]["auc"] if features else 0.5,
        after_the_fact=[name for name in seen if name in run.dataset.after_the_fact],
    )
    if shuffled is not None:
        found["shuffled"] = shuffled
    group, time = _group(run), run.dataset.time
    if group or time:
        held_out = cutting.held_out(run)
        if group:
            found["shared_groups"] = leakage.shared_groups(_column(run, group), held_out)
        if time:
            found["early_rows"] = leakage.early_rows(_column(run, time), held_out)
            found["look_ahead"] = _look_ahead(run, seen, time)
    return found


def _duplicates(run: RunContext, seen: Sequence[str]) -> int:
    tables, compared = run.neighbours.tables, [*seen, run.pipeline.label]
    train, holdout = (
        tables.row_digests(run.path("split", side), compared) for side in ("train", "holdout")
    )
    return leakage.duplicate_rows(train, holdout)


def _features(run: RunContext, seen: Sequence[str], known: Rows) -> list[FeatureAuc]:
    """How much each column tells alone, strongest first."""
    train = run.path("split", "train")
    features: list[FeatureAuc] = []
    for name, values in run.neighbours.tables.read(train, list(seen)).items():
        auc = leakage.feature_auc(values, known.truth, run.pipeline.task)
        if auc is not None:
            features.append(FeatureAuc(column=name, auc=auc))
    return sorted(features, key=lambda feature: (-feature["auc"], feature["column"]))


def _group(run: RunContext) -> str | None:
    """The column whose rows belong together, if one is named."""
    split = run.dataset.split
    return run.pipeline.evaluate.cluster or (split.column if split.strategy == "group" else None)


def _look_ahead(run: RunContext, seen: Sequence[str], time: str) -> list[LookAhead]:
    """The used columns of times that were not yet known at their row's moment."""
    types = {
        column["name"]: column["type"] for column in run.json("extract", "extraction")["columns"]
    }
    moments = _column(run, time)
    counts = {
        name: leakage.look_ahead(_column(run, name), moments)
        for name in seen
        if types[name].startswith(_TIMES)
    }
    return [LookAhead(column=name, rows=rows) for name, rows in counts.items() if rows]


def _column(run: RunContext, name: str) -> NDArray[np.generic]:
    """A column of all rows, train and holdout, in the order of `cutting.held_out`."""
    return run.neighbours.tables.read(run.path("extract", "table"), [name])[name]
