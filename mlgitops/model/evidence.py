"""The evidence document: what a gate sees and a reviewer can replay.

Evidence is JSON from its birth, so these are the shapes of dictionaries. All
numbers are finite, shares and rates lie in 0..1, and a number that could not be
computed is absent, never a stand-in. Digests read `sha256:` and 64 hex digits.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from mlgitops.model.estimates import Comparison, Estimate
from mlgitops.model.examinations import (
    Artifact,
    Card,
    Compatibility,
    Cost,
    Dependency,
    Drift,
    Fairness,
    HoldoutUse,
    Latency,
    LookAhead,
    ReferenceColumn,
    Reproduction,
    Robustness,
    ShuffledLabels,
    TrainingNoise,
)

SCHEMA = "mlgitops.dev/evidence/v1"


class Column(TypedDict):
    """A column and its type, as Arrow names it."""

    name: str
    type: str


class TimeWindow(TypedDict):
    """First and last moment of a table, RFC 3339; both ends included."""

    first: str
    last: str


class SourceRecord(TypedDict):
    """One source as it was read."""

    name: str
    kind: str
    digest: str
    rows: int


class ExpectationResult(TypedDict):
    """One check. *error* means that it could not be evaluated, which never passes.

    *rows* lists keys of failing rows (at most 20), never their values.
    """

    type: str
    column: NotRequired[str]
    severity: str
    status: Literal["passed", "failed", "error"]
    evaluated_rows: int
    unexpected_rows: int
    rows: list[dict[str, Any]]
    reason: str


class Validation(TypedDict):
    """Counts over expectations; sound only if *asked* equals *evaluated*."""

    asked: int
    evaluated: int
    passed: int
    failed_critical: int
    failed_warning: int
    results: list[ExpectationResult]


class SplitPart(TypedDict):
    """One side of the split."""

    rows: int
    digest: str
    positives: NotRequired[int]
    window: NotRequired[TimeWindow]


class SplitRecord(TypedDict):
    """The split and its proof: *shared_rows* counts row numbers on both sides."""

    strategy: str
    column: NotRequired[str]
    train: SplitPart
    holdout: SplitPart
    shared_rows: int


class DataRecord(TypedDict):
    """The dataset that the candidate was made and judged on."""

    dataset: str
    digest: str
    rows: int
    columns: list[Column]
    label: str
    licence: NotRequired[str]
    window: NotRequired[TimeWindow]
    sources: list[SourceRecord]
    validation: Validation
    split: SplitRecord


class Subject(TypedDict):
    """The model that the evidence is about."""

    model: str
    task: str
    candidate: str
    manifest: str
    size_bytes: int
    inputs: list[Column]


class TrainingInputs(TypedDict):
    """Digests of everything that made the model; *digest* covers the others."""

    digest: str
    spec: str
    code: str
    data: str
    params: str
    environment: str
    seed: int


class Inputs(TrainingInputs):
    """What made the model, and how it was examined: what was measured, on which rows."""

    evaluate: str


class Champion(TypedDict):
    """The model released in the environment, re-scored on the candidate's holdout.

    *candidate* is as its Release pins it: the first 12 hex digits.
    """

    version: int
    candidate: str
    manifest: str
    metrics: dict[str, Estimate]


class Baseline(TypedDict):
    """A dummy that predicts the training labels' prior; a first model must beat it."""

    kind: str
    metrics: dict[str, Estimate]
    comparison: dict[str, Comparison]


Lack = Literal["rows", "positives", "negatives"]
"""What a part of the holdout has too few of to be judged."""


class SliceRecord(TypedDict):
    """One slice of the holdout, by the columns of *by*.

    One that is not *judged* has no numbers; *lacks* says of what it has too few.
    """

    name: str
    by: list[str]
    judged: bool
    lacks: NotRequired[Lack]
    n: int
    positives: NotRequired[int]
    metrics: dict[str, Estimate]
    comparison: dict[str, Comparison]


class CalibrationBin(TypedDict):
    """Rows with scores in one equal-width bin."""

    n: int
    mean_score: float
    positive_rate: float


class Calibration(TypedDict):
    """Reliability bins and the expected calibration error with its interval."""

    bins: list[CalibrationBin]
    ece: Estimate


class FeatureAuc(TypedDict):
    """How well one column alone ranks the label; *auc* is at least 0.5."""

    column: str
    auc: float


class Leakage(TypedDict):
    """Signs that the candidate knew the answers.

    *duplicate_rows* counts holdout rows whose features and label also stand in
    train; *features* is sorted by auc, strongest first;
    *after_the_fact* lists used columns that are known only afterwards. *shared_groups*
    counts groups that have rows on both sides, absent without such a column. *early_rows*
    counts holdout rows that are older than the newest of train; it and *look_ahead* are
    absent without a time column.
    """

    duplicate_rows: int
    duplicate_share: float
    features: list[FeatureAuc]
    max_feature_auc: float
    after_the_fact: list[str]
    look_ahead: NotRequired[list[LookAhead]]
    shared_groups: NotRequired[int]
    early_rows: NotRequired[int]
    shuffled: NotRequired[ShuffledLabels]


class Producer(TypedDict):
    """Who and what made the evidence; *time* is when, RFC 3339 in UTC."""

    time: str
    commit: str
    dirty: bool
    actor: str
    trigger: str
    workflow: str
    versions: dict[str, str]
    sample: int
    sandbox: str


class Evidence(TypedDict):
    """The whole document. *champion* None says that none is released.

    *producer.sample* is 0 for a full run; a sampled candidate cannot be released.
    *train_metrics* are points on training rows, for the gap to the holdout.
    *fairness* is by the columns compared, *robustness* by the perturbation's name;
    *compatibility* and *drift* need a champion.
    """

    schema: str
    environment: str
    subject: Subject
    inputs: Inputs
    data: DataRecord
    metrics: dict[str, Estimate]
    train_metrics: dict[str, float]
    champion: Champion | None
    comparison: dict[str, Comparison]
    baseline: Baseline
    slices: list[SliceRecord]
    calibration: Calibration | None
    leakage: Leakage
    fairness: dict[str, Fairness]
    robustness: dict[str, Robustness]
    noise: NotRequired[TrainingNoise]
    reproduction: NotRequired[Reproduction]
    latency: NotRequired[Latency]
    artifact: Artifact
    compatibility: NotRequired[Compatibility]
    dependencies: list[Dependency]
    reference: list[ReferenceColumn]
    drift: NotRequired[list[Drift]]
    holdout: HoldoutUse
    card: Card
    cost: Cost
    scores: str
    producer: Producer
    ext: dict[str, Any]
