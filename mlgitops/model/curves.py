"""Curves behind the numbers, for a report's plots; gates never see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ModelCurves:
    """One binary classifier's curves on the holdout, ordered by x, in 0..1.

    *roc* is (false positive rate, true positive rate), *precision_recall* is
    (recall, precision), *calibration* is (mean score, positive rate) per bin.
    A curve is None where it could not be computed; some 200 points are plenty.
    """

    roc: tuple[Point, ...] | None
    precision_recall: tuple[Point, ...] | None
    calibration: tuple[Point, ...] | None


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves on the same rows; None where there is no such model or no scores."""

    candidate: ModelCurves | None
    champion: ModelCurves | None

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Curves:
        """The curves whose `dataclasses.asdict` is *document*, read back from JSON."""
        return cls(_model(document["candidate"]), _model(document["champion"]))


def _model(document: Mapping[str, Any] | None) -> ModelCurves | None:
    if document is None:
        return None
    return ModelCurves(**{name: _points(curve) for name, curve in document.items()})


def _points(curve: list[list[float]] | None) -> tuple[Point, ...] | None:
    return None if curve is None else tuple((x, y) for x, y in curve)
