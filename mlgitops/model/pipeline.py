"""What a Pipeline says: how one model is made, measured and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mlgitops.model.policy import Gate

Task = Literal["binary-classification", "multiclass-classification", "regression"]


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

    Slices with fewer rows, or of two classes fewer independent rows of either than
    *min_positives*, are listed and not judged. *name* is set for a slice by conditions.
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
