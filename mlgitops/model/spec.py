"""What a user's specs say, checked and decoded; one class per kind and block.

Instances come from `mlgitops.spec` only, which has already refused what is
wrong. Paths in them are relative to the repository's root.
One file for all kinds: they are one language, and refer to each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal

from mlgitops.model.attestation import NOBODY, Trust

Task = Literal["binary-classification", "multiclass-classification", "regression"]
SourceKind = Literal["csv", "parquet", "files", "sql"]
SplitStrategy = Literal["time", "stratified", "group"]
Severity = Literal["critical", "warning", "info"]
Level = Literal["audit", "advisory", "soft", "hard"]
DriftMode = Literal["detect", "enforce"]

_CONTEXT = re.compile(r"\bcontext\b")
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
        return {one.name: document(getattr(block, one.name)) for one in fields(block)}
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
    POLICY_TEST = "PolicyTest"


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
class Signing:
    """Whether evidence without a signature is refused; a wrong one always is."""

    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """The repository as a whole; *branch* holds the desired state."""

    name: str
    registry: RegistryAddress
    forge: ForgeAddress
    branch: str
    signing: Signing = Signing()


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
class Condition:
    """What *column* must be for a row to belong to a slice.

    One of *equals* (a value of any of these) and bounds is set; *at_least* is
    included, *below* is not.
    """

    column: str
    equals: tuple[str | float | bool, ...] = ()
    at_least: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class SliceBy:
    """A cut of the holdout by the values of *columns*, or the rows that meet all of *where*.

    Slices with fewer rows, or fewer positives, are listed and not judged. *name* is
    set for a slice by conditions.
    """

    columns: tuple[str, ...]
    min_rows: int
    min_positives: int = 0
    name: str | None = None
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricFunction:
    """A metric of the user's own: `module:function` from truth and score to a number a row."""

    name: str
    entrypoint: str
    direction: Literal["maximize", "minimize"]

    @property
    def code(self) -> str:
        """The top-level package or module that the function lives in."""
        return self.entrypoint.partition(":")[0].partition(".")[0]


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A change of the holdout's features that the candidate has to bear.

    *noise* is a share of each number's standard deviation, *missing* a share of the
    cells to empty, *columns* get a category that was never seen, and *scale*
    multiplies columns, as a change of unit does. One of them is set.
    """

    name: str
    noise: float | None = None
    missing: float | None = None
    unseen: tuple[str, ...] = ()
    scale: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Evaluate:
    """What is measured on the holdout, with intervals of two-sided *confidence*.

    *metrics* are names of the table or of *functions*. *cluster* names the column whose
    rows are not independent. *groups* are compared for fairness. *seeds* are
    trained besides the candidate's, to tell its training noise; *repeats* asks for the
    same training once more, *shuffles* for one on shuffled labels. *latency_calls* 0
    measures none. *reports* are JSON files of other tools, by name under `ext`.
    """

    metrics: tuple[str, ...]
    slices: tuple[SliceBy, ...]
    confidence: float
    functions: tuple[MetricFunction, ...] = ()
    cluster: str | None = None
    groups: tuple[SliceBy, ...] = ()
    perturbations: tuple[Perturbation, ...] = ()
    seeds: tuple[int, ...] = ()
    repeats: bool = False
    shuffles: bool = False
    latency_calls: int = 0
    reports: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What those who use the model should know; empty where the spec says nothing."""

    description: str = ""
    owners: tuple[str, ...] = ()
    intended_use: str = ""
    limitations: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """A policy by name with its parameters.

    *level* is set only where an environment binds it; before the day *since* the gate
    is judged and blocks nothing.
    """

    policy: str
    parameters: Mapping[str, Any]
    level: Level | None = None
    since: date | None = None


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
    card: ModelCard = ModelCard()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed argument of a policy; *default* None means it must be given.

    A `list` is one of texts.
    """

    name: str
    type: Literal["number", "string", "boolean", "list"]
    default: float | str | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Variable:
    """What *expression* comes to, by a name: the expressions behind it read `variables.<name>`."""

    name: str
    expression: str


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
    """Rules with parameters; *when* false means the policy does not apply.

    Each of *variables* may read those before it.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    when: str | None
    rules: tuple[Rule, ...]
    variables: tuple[Variable, ...] = ()

    @property
    def asks_for_context(self) -> bool:
        """Whether it names `context`, so that its verdict may change with the time.

        A text that has the word counts too: a decision is made anew once too often.
        """
        texts = [self.when or "", *(one.expression for one in self.variables)]
        for rule in self.rules:
            texts += [rule.passes, rule.fails or "", rule.message]
        return any(_CONTEXT.search(text) for text in texts)


@dataclass(frozen=True, slots=True)
class Environment:
    """A place that models are released to; *source* comes before it in the chain.

    Evidence older than *max_evidence_age* releases nothing there; None for any age.
    """

    name: str
    source: str | None
    alias: str
    gates: tuple[Gate, ...]
    drift: DriftMode
    max_evidence_age: timedelta | None = None


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
    """A reviewed exception for one policy and candidate, until *expires* (inclusive).

    *rules* names those that need not pass; empty for all of the policy's.
    """

    name: str
    policy: str
    model: str
    candidate: str
    reason: str
    expires: date
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case of a policy's test has to come to.

    *rules* are exactly those with that verdict, empty for any; *message* is part of what
    one of the rules says.
    """

    verdict: Literal["pass", "fail", "inconclusive", "error", "not-applicable"]
    rules: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class PolicyCase:
    """One document that a policy is tried on: the test's evidence, changed.

    *values* are what to set by path, *removed* the paths to leave out; *parameters* and
    *context* come on top of the test's.
    """

    name: str
    values: Mapping[str, Any]
    removed: tuple[str, ...]
    parameters: Mapping[str, Any]
    context: Mapping[str, Any]
    expected: Expected


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """Cases for one policy, judged without clock, network or model.

    *now* is the time of every decision, RFC 3339 in UTC. *evidence* is `example`, the
    document that comes with mlgitops, or the path of a JSON file.
    """

    name: str
    policy: str
    parameters: Mapping[str, Any]
    now: str
    evidence: str
    cases: tuple[PolicyCase, ...]


# What is at a path of the tree that specs are of; None where that is no file.
EvidenceReader = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Specs:
    """Every spec of a repository, by name; releases by (environment, model).

    *policies* holds the built-in pack too; *texts* holds each file's digest by path.
    *evidence* reads what Releases pin when it is asked for, from the tree that they
    are in, so that thousands which nobody looks at cost nothing. *trust* has the keys of
    that tree.
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
    trust: Trust = NOBODY
    policy_tests: Mapping[str, PolicyTest] = field(default_factory=dict)

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
