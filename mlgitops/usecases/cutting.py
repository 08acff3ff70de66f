"""Cuts the table into train and holdout, and counts what stands on both sides."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlgitops.evaluation import labels, leakage, split
from mlgitops.folders import file_sha256
from mlgitops.model.evidence import SplitPart, SplitRecord, TimeWindow
from mlgitops.usecases.columns import model_columns, require, table_columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlgitops.usecases.context import RunContext


def cut(run: RunContext, folder: Path) -> dict[str, Path]:
    """The outputs of the split step by name, written to *folder*."""
    tables = run.neighbours.tables
    table = run.path("extract", "table")
    seen = model_columns(run)
    label = run.pipeline.label
    asked = run.dataset.split
    extra = [name for name in (asked.column, run.dataset.time) if name]
    everything = table_columns(run)
    require(everything, extra, f"mlops/datasets/{run.dataset.name}.yaml")
    read = tables.read(table, list(dict.fromkeys([label, *extra])))
    truth, _ = labels.encode(read[label], run.pipeline.positive, run.pipeline.task)
    mask = _mask(run, read, truth)
    moments = read[run.dataset.time] if run.dataset.time else None
    train, holdout = folder / "train.parquet", folder / "holdout.parquet"
    parts = []
    for rows, columns, out in ((~mask, [*seen, label], train), (mask, everything, holdout)):
        tables.take(table, rows, columns, out)
        parts.append(_part(run, out, truth[rows], None if moments is None else moments[rows]))
    record = SplitRecord(
        strategy=asked.strategy,
        train=parts[0],
        holdout=parts[1],
        shared_rows=_shared_rows(run, table, mask),
    )
    if asked.column:
        record["column"] = asked.column
    facts = folder / "split.json"
    facts.write_text(json.dumps(record))
    return {"train": train, "holdout": holdout, "split": facts}


def held_out(run: RunContext) -> NDArray[np.bool_]:
    """Which rows of the extracted table the split step held out, in its order."""
    label, column = run.pipeline.label, run.dataset.split.column
    wanted = list(dict.fromkeys([label, *([column] if column else [])]))
    read = run.neighbours.tables.read(run.path("extract", "table"), wanted)
    truth, _ = labels.encode(read[label], run.pipeline.positive, run.pipeline.task)
    return _mask(run, read, truth)


def _mask(
    run: RunContext, read: Mapping[str, NDArray[Any]], truth: NDArray[Any]
) -> NDArray[np.bool_]:
    asked = run.dataset.split
    return split.holdout(
        asked.strategy,
        rows=len(truth),
        holdout=asked.holdout,
        column=read[asked.column] if asked.column else None,
        labels=None if run.pipeline.task == "regression" else truth,
        seed=asked.seed,
    )


def _shared_rows(run: RunContext, table: Path, held_out: NDArray[np.bool_]) -> int:
    """How many holdout rows share their key, group or moment with train."""
    tables, cut = run.neighbours.tables, run.dataset.split
    shared = 0
    apart: list[Sequence[str]] = [run.dataset.keys] if run.dataset.keys else []
    if cut.strategy == "group" and cut.column:
        apart.append((cut.column,))
    for columns in apart:
        hashes = tables.row_digests(table, columns)
        shared += leakage.shared_rows(hashes[~held_out], hashes[held_out])
    if cut.strategy == "time" and cut.column:
        moments = tables.read(table, [cut.column])[cut.column]
        shared += int((moments[held_out] <= moments[~held_out].max()).sum())
    return shared


def _part(
    run: RunContext, table: Path, truth: NDArray[Any], moments: NDArray[Any] | None
) -> SplitPart:
    """One side; *truth* and *moments* are those of its rows."""
    part = SplitPart(rows=len(truth), digest=f"sha256:{file_sha256(table)}")
    if run.pipeline.task == "binary-classification":
        part["positives"] = int(truth.sum())
    if moments is not None:
        part["window"] = TimeWindow(first=f"{moments.min()}Z", last=f"{moments.max()}Z")
    return part
