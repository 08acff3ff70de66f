"""The Poisson bootstrap: each resample gives each row an independent Poisson(1) weight.

Seeded by a constant, from raw bits that numpy keeps stable: the same rows in the
same order have the same draws on every machine. Sources: docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from mlgitops.evaluation.arrays import Column, Floats

RESAMPLES = 1000

Statistic = Callable[[Column], Floats]
"""Weights (b, n) to values (b,); NaN where a resample leaves the value undefined."""

_SEED = 20_130_101
_CELLS_AT_ONCE = 1_000_000
_WORDS = 2**16


def draws(rows: int, statistic: Statistic) -> Floats:
    """*statistic* of each resample of *rows* rows; memory stays bounded."""
    return np.concatenate([statistic(weights) for weights in _weights(rows)])


def draws_of_counts(counts: Column, statistic: Statistic) -> Floats:
    """Like `draws` for rows that repeat: *counts* says how often each kind stands there.

    A sum of independent Poisson(1) weights is Poisson(count), so this is the same
    distribution, at the cost of the kinds rather than of the rows.
    """
    generator = np.random.Generator(np.random.PCG64(_SEED))
    return statistic(generator.poisson(counts, (RESAMPLES, counts.size)))


def _weights(rows: int) -> Iterator[NDArray[np.uint8]]:
    table = _poisson_table()
    bits = np.random.PCG64(_SEED)
    at_once = max(1, _CELLS_AT_ONCE // rows)
    for start in range(0, RESAMPLES, at_once):
        count = min(at_once, RESAMPLES - start)
        words = bits.random_raw(-(-count * rows // 4)).astype("<u8").view("<u2")
        yield table[words[: count * rows]].reshape(count, rows)


def _poisson_table() -> NDArray[np.uint8]:
    """Poisson(1) weights by 16-bit word: word / 65536 through the inverse of its cdf."""
    cdf = np.cumsum([math.exp(-1) / math.factorial(weight) for weight in range(10)])
    levels = (np.arange(_WORDS) + 0.5) / _WORDS
    return np.searchsorted(cdf, levels).astype(np.uint8)
