"""Which columns of the data a model may see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from mlgitops.model.pipeline import Condition, SliceBy
    from mlgitops.ports import Tables
    from mlgitops.usecases.context import RunContext


_MOST_SHOWN = 10
NUMBERS = ("int", "uint", "float", "double")
TEXT = ("string",)


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
        SpecError: the label, a feature, the cluster or a column of a slice is not in the
            data, or bounds are on one without numbers.
    """
    model_columns(run)
    asked = run.pipeline.evaluate
    place = f"mlops/pipelines/{run.pipeline.name}.yaml: evaluate"
    for key, cuts in (("slices", asked.slices), ("groups", asked.groups)):
        for number, cut in enumerate(cuts):
            _require_cut(run, cut, f"{place}.{key}[{number}]")
    if asked.cluster is not None:
        require(table_columns(run), (asked.cluster,), f"{place}.cluster")
    _require_perturbable(run)


def _require_cut(run: RunContext, cut: SliceBy, place: str) -> None:
    """Refuse columns that are not there, and bounds on what is not numbers."""
    there = table_columns(run)
    require(there, cut.columns, f"{place}.by")
    require(there, [condition.column for condition in cut.where], f"{place}.where")
    types = _types(run)
    for condition in cut.where:
        if not condition.equals and not types[condition.column].startswith(NUMBERS):
            raise SpecError(
                f"{place}.where: {condition.column!r} is {types[condition.column]}, "
                "so nothing is at least or below",
                hint="bounds are for numbers: name the values instead",
            )


def require_met(run: RunContext) -> None:
    """Refuse values that stand nowhere in the data, neither in train nor in the holdout.

    Their slice would be empty, and a rule on slices would watch over nothing. Not refused
    in a sample, which may lack what is rare.

    Raises:
        SpecError: no row has any of the values that one condition asks for.
    """
    if run.sample:
        return
    table = run.path("extract", "table")
    for number, cut in enumerate(run.pipeline.evaluate.slices):
        place = f"mlops/pipelines/{run.pipeline.name}.yaml: evaluate.slices[{number}].where"
        for condition in cut.where:
            if condition.equals:
                _require_value(run.neighbours.tables, table, condition, place)


def _require_value(tables: Tables, table: Path, condition: Condition, place: str) -> None:
    # Here, not at the top: numpy is not needed to see that nothing changed.
    from mlgitops.evaluation.arrays import coded
    from mlgitops.evaluation.slices import meeting

    columns = tables.read(table, [condition.column])
    if meeting(columns, [condition]).any():
        return
    wanted = " or ".join(json.dumps(value, ensure_ascii=False) for value in condition.equals)
    _, names = coded(columns[condition.column])
    shown = ", ".join(map(repr, names[:_MOST_SHOWN]))
    raise SpecError(
        f"{place}: no row of the data has {wanted} in {condition.column!r}",
        hint=f"it holds {shown}{' and others' if len(names) > _MOST_SHOWN else ''}"
        if names
        else "it holds nothing but nulls",
    )


def columns_of(run: RunContext, types: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the model's columns whose Arrow types begin with one of *types*."""
    found = _types(run)
    return tuple(name for name in model_columns(run) if found[name].startswith(types))


def _types(run: RunContext) -> dict[str, str]:
    """Arrow's name of each column's type."""
    columns = run.json("extract", "extraction")["columns"]
    return {column["name"]: column["type"] for column in columns}


def _require_perturbable(run: RunContext) -> None:
    for how in run.pipeline.evaluate.perturbations:
        place = f"mlops/pipelines/{run.pipeline.name}.yaml: evaluate.perturbations.{how.name}"
        _require_seen(run, how.unseen, TEXT, f"{place}.unseen: ")
        _require_seen(run, tuple(how.scale or ()), NUMBERS, f"{place}.scale: ")
        if how.noise is not None and not columns_of(run, NUMBERS):
            raise SpecError(
                f"{place}.noise: the model sees no column of numbers",
                hint="remove it, or disturb the columns with `missing` or `unseen`",
            )


def _require_seen(
    run: RunContext, wanted: tuple[str, ...], types: tuple[str, ...], place: str
) -> None:
    """Refuse columns that the model does not see, or that are not of these types."""
    require(table_columns(run), wanted, place.removesuffix(": "))
    fitting = columns_of(run, types)
    for name in wanted:
        if name not in fitting:
            what = "text" if types == TEXT else "numbers"
            raise SpecError(
                f"{place}{name!r} is no column of {what} that the model sees",
                hint=f"those are {', '.join(fitting)}" if fitting else f"it sees none of {what}",
            )


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
