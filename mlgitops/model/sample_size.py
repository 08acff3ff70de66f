"""How many rows a gate needs, as `plan` says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlgitops.model.state import Target

# What the standard error is known from: the released model's comparison, else its own
# metric (an upper bound), else an assumed share of rows that two models disagree on.
Basis = Literal["comparison", "metric", "assumption"]


@dataclass(frozen=True, slots=True)
class SampleSize:
    """A gate that asks a candidate not to be worse than the champion by more than *margin*.

    With *rows* it is *inconclusive* that often (0 to 1) when both are equally good; both
    are None without evidence. With *rows_needed* it lets such a candidate pass with
    probability *power*; None: no number of rows would do, for there is no margin.
    """

    target: Target
    metric: str
    margin: float
    basis: Basis
    rows: int | None
    inconclusive: float | None
    power: float
    rows_needed: int | None
