"""What a Dataset says: sources, keys, expectations and the split that models share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

SourceKind = Literal["csv", "parquet", "files", "sql"]
SplitStrategy = Literal["time", "stratified", "group"]
Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Source:
    """One table of a dataset.

    *location* is a path (csv, parquet), a glob (files) or a query (sql);
    *connection* is the database URL of a sql source, usually `env:NAME`.
    """

    name: str
    kind: SourceKind
    location: str
    connection: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """A left join of *source* onto the first source; must not multiply rows."""

    source: str
    on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows kept by the time column: *start* <= time < *end*, or the *last* stretch."""

    start: date | None
    end: date | None
    last: timedelta | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """A Great Expectations check, as the user wrote it."""

    type: str
    kwargs: Mapping[str, Any]
    severity: Severity


@dataclass(frozen=True, slots=True)
class Split:
    """How the holdout is cut off.

    *holdout* is a share of the rows (0 < x < 1) or, for time, also a duration at
    the end. *column* is the time or group column; None for stratified.
    """

    strategy: SplitStrategy
    holdout: float | timedelta
    column: str | None
    seed: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """Sources, keys, expectations and the split that models share.

    The first source is the one that others are joined to. *after_the_fact*
    names columns known only after the moment of prediction.
    """

    name: str
    sources: tuple[Source, ...]
    joins: tuple[Join, ...]
    keys: tuple[str, ...]
    time: str | None
    window: Window | None
    after_the_fact: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    split: Split
    licence: str = ""
