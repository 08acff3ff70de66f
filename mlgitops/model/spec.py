"""What a user's specs say, checked and decoded; one class per kind and block.

Instances come from `mlgitops.spec` only, which has already refused what is
wrong. Paths in them are relative to the repository's root.
One file for all kinds: they are one language, and refer to each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal

Task = Literal["binary-classification", "multiclass-classification", "regression"]
SourceKind = Literal["csv", "parquet", "files", "sql"]
SplitStrategy = Literal["time", "stratified", "group"]
Severity = Literal["critical", "warning", "info"]
Level = Literal["audit", "advisory", "soft", "hard"]
DriftMode = Literal["detect", "enforce"]

_DURATION = re.compile(r"(\d+)(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """The length that `30m`, `48h`, `30d` or `2w` names.

    Raises:
        ValueError: *text* has another form.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 48h or 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def document(block: Any) -> Any:
    """A block of a spec as JSON, so that it can be digested; lengths in seconds."""
    if is_dataclass(block):
        return {field.name: document(getattr(block, field.name)) for field in fields(block)}
    if isinstance(block, Mapping):
        return {key: document(value) for key, value in block.items()}
    if isinstance(block, list | tuple):
        return [document(item) for item in block]
    if isinstance(block, timedelta):
        return block.total_seconds()
    if isinstance(block, date):
        return block.isoformat()
    return block


class Kind(StrEnum):
    """The kinds of spec, as `kind:` names them."""

    PROJECT = "Project"
    DATASET = "Dataset"
    PIPELINE = "Pipeline"
    POLICY = "Policy"
    ENVIRONMENT = "Environment"
    RELEASE = "Release"
    WAIVER = "Waiver"


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """Where MLflow is: a tracking *uri* and the *artifacts* folder or URI.

    Either may read `env:NAME`, which the command line resolves.
    """

    uri: str
    artifacts: str


@dataclass(frozen=True, slots=True)
class ForgeAddress:
    """Where pull requests live; *remote* is the git remote to push branches to."""

    kind: Literal["local"]
    remote: str | None


@dataclass(frozen=True, slots=True)
class Project:
    """The repository as a whole; *branch* holds the desired state."""

    name: str
    registry: RegistryAddress
    forge: ForgeAddress
    branch: str


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


@dataclass(frozen=True, slots=True)
class Features:
    """What a model may see; *columns* empty means all that are allowed.

    *entrypoint* is `module:function`, a callable DataFrame -> DataFrame that
    is packed with the model.
    """

    columns: tuple[str, ...]
    entrypoint: str | None


@dataclass(frozen=True, slots=True)
class Train:
    """One of the three training contracts: exactly one of the first three is set.

    *code* lists the files and folders that the entry points live in.
    *requirements* empty means the installed versions of what the model imports.
    """

    entrypoint: str | None
    estimator: str | None
    command: tuple[str, ...] | None
    params: Mapping[str, Any]
    seed: int
    code: tuple[str, ...]
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SliceBy:
    """A cut of the holdout by the values of *columns*; small slices are listed only."""

    columns: tuple[str, ...]
    min_rows: int


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Metrics by name, slices, and the two-sided confidence of every interval."""

    metrics: tuple[str, ...]
    slices: tuple[SliceBy, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Gate:
    """A policy by name with its parameters; *level* only where an environment binds it."""

    policy: str
    parameters: Mapping[str, Any]
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """How one model is made and judged; its *name* is the registered model's."""

    name: str
    task: Task
    dataset: str
    label: str
    positive: str | int | bool
    features: Features
    train: Train
    evaluate: Evaluate
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed argument of a policy; *default* None means it must be given."""

    name: str
    type: Literal["number", "string", "boolean"]
    default: float | str | bool | None


@dataclass(frozen=True, slots=True)
class Rule:
    """CEL over evidence: *passes*, optionally *fails*; neither true is inconclusive.

    *message* holds `{expression}` or `{expression:.4f}` fields.
    """

    id: str
    passes: str
    fails: str | None
    message: str
    remediation: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules with parameters; *when* false means the policy does not apply."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    when: str | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """A place that models are released to; *source* comes before it in the chain."""

    name: str
    source: str | None
    alias: str
    gates: tuple[Gate, ...]
    drift: DriftMode


@dataclass(frozen=True, slots=True)
class Pin:
    """One exact model version: the digests say what its number must hold."""

    version: int
    candidate: str
    manifest: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Release:
    """The desired state of one target; *desired* None retires the model there.

    *previous* is what the promotion replaced, so that two promotions from one
    base conflict in git.
    """

    model: str
    environment: str
    desired: Pin | None
    previous: Pin | None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A reviewed exception for one policy and candidate, until *expires* (inclusive)."""

    name: str
    policy: str
    model: str
    candidate: str
    reason: str
    expires: date


# What is at a path of the tree that specs are of; None where that is no file.
EvidenceReader = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Specs:
    """Every spec of a repository, by name; releases by (environment, model).

    *policies* holds the built-in pack too; *texts* holds each file's digest by path.
    *evidence* reads what Releases pin when it is asked for, from the tree that they
    are in, so that thousands which nobody looks at cost nothing.
    """

    project: Project
    datasets: Mapping[str, Dataset]
    pipelines: Mapping[str, Pipeline]
    policies: Mapping[str, Policy]
    environments: Mapping[str, Environment]
    releases: Mapping[tuple[str, str], Release]
    waivers: tuple[Waiver, ...]
    texts: Mapping[str, str]
    evidence: EvidenceReader

    @property
    def chain(self) -> tuple[Environment, ...]:
        """The environments in order of promotion, each after its source."""
        ordered: list[Environment] = []
        waiting = sorted(self.environments.values(), key=lambda environment: environment.name)
        while waiting:
            placed = {environment.name for environment in ordered}
            ready = [e for e in waiting if e.source is None or e.source in placed]
            if not ready:
                break
            ordered += ready
            waiting = [e for e in waiting if e not in ready]
        return tuple(ordered)
