"""What a candidate is examined for besides its metrics; each a section of the evidence.

A section that the pipeline did not ask for is absent from the document, and a rule
that reads an absent section cannot be evaluated, so it never passes.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from mlgitops.model.estimates import Comparison, Estimate


class Group(TypedDict):
    """Rows of one value; without *rates* they are too few to judge."""

    name: str
    n: int
    positives: NotRequired[int]
    rates: dict[str, Estimate]


class Gap(TypedDict):
    """How far groups are apart in one rate, largest against smallest.

    *difference* and *ratio* (smallest over largest) are estimates with intervals;
    *ratio* is absent where the largest is 0, and for a rate that may be negative.
    *largest* and *smallest* name the groups.
    """

    largest: str
    smallest: str
    difference: Estimate
    ratio: NotRequired[Estimate]


class Fairness(TypedDict):
    """One comparison of groups; *gaps* by rate, over the groups that were judged."""

    by: list[str]
    groups: list[Group]
    gaps: dict[str, Gap]


class Robustness(TypedDict):
    """The candidate on perturbed rows.

    *comparison* is perturbed against unperturbed: negative is what the perturbation
    costs. *rows* counts those that it changed.
    """

    kind: str
    rows: int
    metrics: dict[str, Estimate]
    comparison: dict[str, Comparison]


class SeedSpread(TypedDict):
    """One metric over the models of several seeds; *values* are aligned with *seeds*."""

    values: list[float]
    mean: float
    sd: float


class TrainingNoise(TypedDict):
    """How much the metrics move when nothing but the seed does; the candidate's is first."""

    seeds: list[int]
    metrics: dict[str, SeedSpread]


class Reproduction(TypedDict):
    """The same training once more: what came out of it.

    *predictions* and *repeated_predictions* are digests over the same probe rows;
    *max_difference* is the largest between two predictions for one row.
    """

    manifest: str
    is_same_manifest: bool
    predictions: str
    repeated_predictions: str
    rows: int
    max_difference: float


class ShuffledLabels(TypedDict):
    """A model of shuffled training labels on the holdout, against the dummy.

    *candidate* is the candidate against the same dummy in the same metric: of its gain
    a model of noise keeps little. That it keeps something says nothing: a fit of
    noise is a little better than the dummy as often as worse.
    """

    metric: str
    comparison: Comparison
    candidate: Comparison


class LookAhead(TypedDict):
    """A used column of times that lie after the row's own moment."""

    column: str
    rows: int


class Latency(TypedDict):
    """Milliseconds for one row, over *calls* calls after a warm-up, within the worker."""

    calls: int
    p50_ms: float
    p95_ms: float


class ArtifactFile(TypedDict):
    """One file of the model's folder."""

    path: str
    size_bytes: int


class Artifact(TypedDict):
    """The model's folder, read as data.

    *formats* are the kinds of its files by their beginnings and names; *globals* is
    every `module.name` that loading its pickles would import, `module:name` where the
    name reaches through attributes; *unreadable* are the files that might be pickles
    and could not be read as such.
    """

    files: list[ArtifactFile]
    formats: list[str]
    globals: list[str]
    unreadable: list[str]


class Retyped(TypedDict):
    """An input whose type changed."""

    name: str
    before: str
    after: str


class Compatibility(TypedDict):
    """The candidate's signature against the champion's.

    *added* inputs must be sent by callers that do not know them; *removed* ones are
    sent in vain. *outputs_changed* is about what callers get back.
    """

    added: list[str]
    removed: list[str]
    retyped: list[Retyped]
    outputs_changed: bool


class Dependency(TypedDict):
    """One requirement of the model; *licence* is empty where its package names none."""

    name: str
    version: str
    licence: str


class Drift(TypedDict):
    """One column of the training rows against the champion's, as its evidence has them.

    *psi* is absent where the column's kind of values changed, so that they have no bins in
    common.
    """

    column: str
    psi: NotRequired[float]


class ReferenceColumn(TypedDict):
    """The distribution of one column of the training rows.

    Shares sum to 1 with *nulls*: of *values*, whose rarest are under `…`, or, for numbers
    and times, of one more bin than there are *edges*: below, between and above them. A bin
    takes its upper edge; two equal edges are a bin of that value alone.
    """

    column: str
    nulls: float
    edges: NotRequired[list[float]]
    values: NotRequired[list[str]]
    shares: list[float]


class HoldoutUse(TypedDict):
    """How many different candidates this holdout has judged by now, this one included.

    *candidates* is absent if the registry did not answer.
    """

    digest: str
    candidates: NotRequired[int]


class Card(TypedDict):
    """What the pipeline's spec says about the model, for those who will use it."""

    description: str
    owners: list[str]
    intended_use: str
    limitations: str
    licence: str


class Cost(TypedDict):
    """What making the candidate took, in seconds of wall-clock time by step."""

    seconds: dict[str, float]
    total_seconds: float
