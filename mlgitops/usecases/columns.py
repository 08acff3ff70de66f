"""Which columns of the data a model may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.usecases.context import RunContext


def table_columns(run: RunContext) -> tuple[str, ...]:
    """All columns of the extracted table, in its order."""
    return tuple(column["name"] for column in run.json("extract", "extraction")["columns"])


def model_columns(run: RunContext) -> tuple[str, ...]:
    """The raw columns that the model is given.

    Without `features.columns`, all but the label, the keys, the time column and
    what is known only after the fact.

    Raises:
        SpecError: a named column is not in the data, or is the label itself.
    """
    there = table_columns(run)
    named = run.pipeline.features.columns
    label = run.pipeline.label
    place = f"mlops/pipelines/{run.pipeline.name}.yaml"
    require(there, (label,), f"{place}: data.label")
    if label in named:
        raise SpecError(
            f"{place}: features.columns: {label!r} is the label",
            hint="a model that is given the label predicts nothing: remove it",
        )
    require(there, named, f"{place}: features.columns")
    withheld = {label, *run.dataset.keys, run.dataset.time, *run.dataset.after_the_fact}
    return named or tuple(column for column in there if column not in withheld)


def require_named(run: RunContext) -> None:
    """Refuse a pipeline that names columns which are not there, before any work is done on them.

    Raises:
        SpecError: the label, a feature or a column of a slice is not in the data.
    """
    model_columns(run)
    sliced = dict.fromkeys(name for by in run.pipeline.evaluate.slices for name in by.columns)
    place = f"mlops/pipelines/{run.pipeline.name}.yaml: evaluate.slices"
    require(table_columns(run), tuple(sliced), place)


def require(there: Sequence[str], wanted: Sequence[str], place: str) -> None:
    """Refuse names that are not among the columns *there*.

    Raises:
        SpecError: all that are missing, with the nearest names.
    """
    missing = [name for name in wanted if name not in there]
    if not missing:
        return
    from difflib import get_close_matches

    near = {match for name in missing for match in get_close_matches(name, there, n=2)}
    raise SpecError(
        f"{place}: no column {', '.join(map(repr, missing))} in the data",
        hint=f"did you mean {' or '.join(map(repr, sorted(near)))}?"
        if near
        else f"the data has {', '.join(there)}",
    )
