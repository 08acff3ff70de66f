"""The metrics that a pipeline may ask for: their names, directions and tasks.

The one table of them; `mlgitops.evaluation` computes each, and the spec floor
refuses whatever is not here.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlgitops.model.pipeline import Task

if TYPE_CHECKING:
    from mlgitops.model.estimates import Direction


@dataclass(frozen=True, slots=True)
class MetricKind:
    """A metric, which way is better, and the tasks that it is defined for.

    *has_unit* says that it is in the label's, so that no one number is little of all of them.
    """

    name: str
    direction: Direction
    tasks: frozenset[Task]
    has_unit: bool = False


_BINARY: Task = "binary-classification"
_MULTICLASS: Task = "multiclass-classification"
_REGRESSION: Task = "regression"


def _table(
    *kinds: tuple[str, Direction, tuple[Task, ...]], of_the_label: Container[str]
) -> Mapping[str, MetricKind]:
    return MappingProxyType(
        {
            name: MetricKind(name, direction, frozenset(tasks), name in of_the_label)
            for name, direction, tasks in kinds
        }
    )


METRICS: Mapping[str, MetricKind] = _table(
    ("roc_auc", "maximize", (_BINARY,)),
    ("average_precision", "maximize", (_BINARY,)),
    ("log_loss", "minimize", (_BINARY, _MULTICLASS)),
    ("brier", "minimize", (_BINARY,)),
    ("accuracy", "maximize", (_BINARY, _MULTICLASS)),
    ("f1", "maximize", (_BINARY,)),
    ("precision", "maximize", (_BINARY,)),
    ("recall", "maximize", (_BINARY,)),
    ("f1_macro", "maximize", (_MULTICLASS,)),
    ("mae", "minimize", (_REGRESSION,)),
    ("rmse", "minimize", (_REGRESSION,)),
    ("r2", "maximize", (_REGRESSION,)),
    of_the_label=("mae", "rmse"),
)

DEFAULT_METRICS: Mapping[Task, tuple[str, ...]] = MappingProxyType(
    {
        _BINARY: ("roc_auc", "average_precision", "log_loss", "brier"),
        _MULTICLASS: ("accuracy", "log_loss", "f1_macro"),
        _REGRESSION: ("rmse", "mae", "r2"),
    }
)


FEWEST_OF_CLASS = 5
"""Independent rows of either class that a comparison of two models' areas needs.

With fewer its error is not held (docs/statistics.md), so it is absent; slices are not
judged with fewer unless their `minPositives` says so.
"""


def has_unit(metric: str) -> bool:
    """Whether *metric* is in a unit of its own, the label's or that of a user's function.

    No margin fits all of these: 0.01 is much of a share, and nothing of a sum in euros.
    """
    return metric not in METRICS or METRICS[metric].has_unit


def metrics_for(task: Task) -> tuple[str, ...]:
    """Names of the metrics that are defined for *task*, in the order of the table."""
    return tuple(kind.name for kind in METRICS.values() if task in kind.tasks)
