"""How often the gate is wrong, by simulation: prints a table, in about two minutes.

Pairs of models of one kind predict rows whose risk is known. `plan`'s answer is made
as `plan` makes it, from one comparison on PILOT rows; then PAIRS pairs are judged on
the number of rows that it names: equally good ones, and ones where the candidate is
worse by twice the margin, which is set by the noise of its scores.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlgitops.evaluation import power
from mlgitops.evaluation.compare import compare
from mlgitops.evaluation.metrics import point
from mlgitops.evaluation.power import Precision
from mlgitops.evaluation.predictions import Predictions
from mlgitops.model.estimates import Comparison

PAIRS, PILOT, CALIBRATION, FEW = 10_000, 20_000, 400_000, 300
CONFIDENCE = 0.95
MARGINS = {"accuracy": 0.03, "log_loss": 0.02, "roc_auc": 0.02}

_NOISE = 0.8
_STEPS = 12
_BINARY = "binary-classification"

Pair = tuple[NDArray[np.int64], Predictions, Predictions]


@dataclass(frozen=True)
class Row:
    """What became of one metric's pairs, as shares of them."""

    metric: str
    margin: float
    rows: int
    superior_few: float
    superior: float
    refused: float
    undecided: float
    caught: float
    shown: float


def main() -> None:
    """Simulate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs of each kind")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    started = time.perf_counter()
    print("| metric | margin | rows named | superior, 300 rows | superior | fail | inconclusive |"
          " loss caught | by a fail |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for metric, margin in MARGINS.items():
        print(_shown(judged(metric, margin, asked.pairs, np.random.default_rng(asked.seed))))
    print(f"\n{asked.pairs:,} pairs each, {time.perf_counter() - started:.0f} s")


def judged(metric: str, margin: float, pairs: int, draw: np.random.Generator) -> Row:
    """Judge *pairs* of each kind by *metric*."""
    pilot = compare(metric, *pair(draw, PILOT), CONFIDENCE)
    rows = power.rows_needed(Precision(PILOT, pilot["se"]), margin, CONFIDENCE)
    assert rows is not None
    noise = worse_by(metric, 2 * margin, draw)
    few = [compare(metric, *pair(draw, FEW), CONFIDENCE) for _ in range(pairs)]
    equal = [compare(metric, *pair(draw, rows), CONFIDENCE) for _ in range(pairs)]
    lossy = [compare(metric, *pair(draw, rows, noise), CONFIDENCE) for _ in range(pairs)]
    said = Counter(verdict(found, margin) for found in equal)
    of_lossy = Counter(verdict(found, margin) for found in lossy)
    return Row(
        metric=metric,
        margin=margin,
        rows=rows,
        superior_few=sum(found["low"] > 0 for found in few) / pairs,
        superior=sum(found["low"] > 0 for found in equal) / pairs,
        refused=said["fail"] / pairs,
        undecided=said["inconclusive"] / pairs,
        caught=1 - of_lossy["pass"] / pairs,
        shown=of_lossy["fail"] / pairs,
    )


def pair(draw: np.random.Generator, rows: int, noise: float = _NOISE) -> Pair:
    """Truth, a candidate with this *noise* and a champion; equally good by default."""
    risk = draw.normal(-0.5, 1.5, rows)
    truth = (draw.random(rows) < _expit(risk)).astype(np.int64)
    shared, *own = draw.normal(size=(3, rows))
    models = (
        Predictions(_BINARY, _expit(risk + spread * (0.8 * shared + 0.6 * errors)))
        for spread, errors in zip((noise, _NOISE), own, strict=True)
    )
    return truth, *models


def worse_by(metric: str, loss: float, draw: np.random.Generator) -> float:
    """The noise that costs the candidate *loss*, by bisection on one large sample."""
    state, low, high = draw.bit_generator.state, _NOISE, 6.0
    for _ in range(_STEPS):
        draw.bit_generator.state = state
        middle = (low + high) / 2
        truth, candidate, champion = pair(draw, CALIBRATION, middle)
        found = abs(point(metric, truth, candidate) - point(metric, truth, champion))
        low, high = (middle, high) if found < loss else (low, middle)
    return (low + high) / 2


def verdict(found: Comparison, margin: float) -> str:
    """What `not-worse-than-champion` says."""
    if found["low"] >= -margin:
        return "pass"
    return "fail" if found["high"] < -margin else "inconclusive"


def _shown(row: Row) -> str:
    shares = (row.superior_few, row.superior, row.refused, row.undecided, row.caught,
              row.shown)  # fmt: skip
    told = " | ".join(f"{share:.2%}" for share in shares)
    return f"| `{row.metric}` | {row.margin} | {row.rows:,} | {told} |"


def _expit(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x))


if __name__ == "__main__":
    main()
