"""Which rows are held out. The same arguments always give the same rows."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import numpy as np

from mlgitops.evaluation.arrays import Column, Integers, Mask, coded, nulls
from mlgitops.model.dataset import SplitStrategy
from mlgitops.model.errors import SpecError


def holdout(
    strategy: SplitStrategy,
    *,
    rows: int,
    holdout: float | timedelta,
    column: Column | None,
    labels: Column | None,
    seed: int,
) -> Mask:
    """True for those of *rows* rows that no training may see.

    *column* holds the times or groups; *labels* the values or codes of a class label,
    and None for a regression. Both sides are never empty and hold two classes at least.

    - `time`: the last rows. A share is met as nearly as whole moments allow, for
      rows of one moment stay together; a duration reaches back from the last moment,
      its start excluded, so `30d` of daily rows are 30 days.
    - `stratified`: that share of each class (of all rows without *labels*), drawn
      with *seed*; a class of two rows or more stands on both sides.
    - `group`: whole groups in the order of a hash of *seed* and the group's name, up
      to nearest the share; so most groups stay on their side when rows are added.

    Raises:
        SpecError: nulls in *column*, a duration where only a share has a meaning,
            or a side without rows or with one class.
    """
    if not rows:
        raise SpecError("there are no rows to split", hint="widen the dataset's window")
    classes = np.zeros(rows, np.int64) if labels is None else coded(labels)[0]
    if strategy == "time":
        mask = _latest(_complete(column, strategy), holdout)
    elif strategy == "group":
        mask = _groups(_complete(column, strategy), _share(holdout, strategy), seed)
    else:
        mask = _stratified(classes, _share(holdout, strategy), seed)
    _check(mask, None if labels is None else classes, strategy)
    return mask


def _latest(times: Column, holdout: float | timedelta) -> Mask:
    moments, counts = np.unique(times, return_counts=True)
    if isinstance(holdout, timedelta):
        if times.dtype.kind != "M":
            raise SpecError(
                f"a holdout of {_written(holdout)} needs times, but the column is {times.dtype}",
                hint="store the column as timestamps, or give the holdout as a share",
            )
        return np.asarray(times > moments[-1] - np.timedelta64(holdout))
    if moments.size < 2:
        raise SpecError(
            f"all {times.size} rows have the same time, so none can be held out by it",
            hint="widen the dataset's window, or split with strategy: stratified",
        )
    at_or_after = np.cumsum(counts[::-1])[::-1]
    cut = 1 + np.argmin(np.abs(at_or_after[1:] - holdout * times.size))
    return np.asarray(times >= moments[cut])


def _stratified(classes: Integers, share: float, seed: int) -> Mask:
    generator = np.random.Generator(np.random.PCG64(seed))
    mask = np.zeros(classes.size, np.bool_)
    for code in np.unique(classes):
        rows = generator.permutation(np.flatnonzero(classes == code))
        count = round(share * rows.size)
        if rows.size > 1:
            count = min(max(count, 1), rows.size - 1)
        mask[rows[:count]] = True
    return mask


def _groups(groups: Column, share: float, seed: int) -> Mask:
    codes, names = coded(groups)
    if len(names) < 2:
        raise SpecError(
            f"the group column holds {', '.join(names) or 'nothing'} only, so it cannot be split",
            hint="name a column with several groups, or split with strategy: stratified",
        )
    order = np.array(sorted(range(len(names)), key=lambda code: _digest(names[code], seed)))
    reached = np.cumsum(np.bincount(codes, minlength=len(names))[order])
    count = 1 + int(np.argmin(np.abs(reached[:-1] - share * codes.size)))
    return np.isin(codes, order[:count])


def _digest(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode(errors="surrogatepass")).digest()


def _complete(column: Column | None, strategy: str) -> Column:
    if column is None:
        raise SpecError(
            f"the strategy {strategy} needs a column", hint="set `column` in the dataset's split"
        )
    missing = nulls(column)
    if missing.any():
        raise SpecError(
            f"the {strategy} column is null in {np.count_nonzero(missing)} of {column.size} rows,"
            f" first in row {int(np.argmax(missing)) + 1}",
            hint="leave such rows out of the dataset; no side can be chosen for them",
        )
    if strategy == "time" and column.dtype.kind not in "Miuf":
        raise SpecError(
            "the time column holds neither times nor numbers",
            hint="store it as a timestamp; text has no reliable order",
        )
    return column


def _share(holdout: float | timedelta, strategy: str) -> float:
    if isinstance(holdout, timedelta):
        raise SpecError(
            f"a holdout of {_written(holdout)} has no meaning for the strategy {strategy}",
            hint="give a share such as 0.2, or split with strategy: time",
        )
    return holdout


def _check(mask: Mask, classes: Integers | None, strategy: str) -> None:
    for side, rows in (("train", ~mask), ("holdout", mask)):
        count = int(np.count_nonzero(rows))
        if not count:
            raise SpecError(
                f"the {strategy} split leaves no row of {mask.size} for {side}",
                hint="change the size of the holdout, or widen the dataset's window",
            )
        if classes is not None and np.unique(classes[rows]).size < 2:
            raise SpecError(
                f"all {count} rows of {side} have one class after the {strategy} split",
                hint="widen the dataset's window: each class needs two rows, better hundreds"
                if strategy == "stratified"
                else "change the size of the holdout, or use strategy: stratified",
            )


def _written(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours / 24:g}d" if hours >= 24 else f"{hours:g}h"
