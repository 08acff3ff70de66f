"""Specs of a chain staging → production with one pipeline, and the releases given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from mlgitops.model.spec import (
    DriftMode,
    Environment,
    Evaluate,
    Features,
    ForgeAddress,
    Pin,
    Pipeline,
    Project,
    RegistryAddress,
    Release,
    Specs,
    Train,
)
from mlgitops.model.state import Stamp

MODEL = "flights"
STAMP = Stamp("c0ffee", datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "ada")
LATER = Stamp("decade", datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "grace")


def release(
    environment: str, desired: Pin | None, previous: Pin | None = None, model: str = MODEL
) -> Release:
    return Release(model=model, environment=environment, desired=desired, previous=previous)


def specs(
    *releases: Release, drift: DriftMode = "detect", models: Iterable[str] = (MODEL,)
) -> Specs:
    """The alias of production is `champion`, that of staging its own name."""
    return Specs(
        project=Project(
            name="shop",
            registry=RegistryAddress("sqlite:///mlflow.db", "mlartifacts"),
            forge=ForgeAddress("local", None),
            branch="main",
        ),
        datasets={},
        pipelines={model: _pipeline(model) for model in models},
        policies={},
        environments={
            "staging": Environment("staging", None, "staging", (), drift),
            "production": Environment("production", "staging", "champion", (), drift),
        },
        releases={(found.environment, found.model): found for found in releases},
        waivers=(),
        texts={},
    )


def _pipeline(model: str) -> Pipeline:
    return Pipeline(
        name=model,
        task="binary-classification",
        dataset="flights",
        label="late",
        positive=1,
        features=Features((), None),
        train=Train(None, "sklearn.dummy.DummyClassifier", None, {}, 7, (), ()),
        evaluate=Evaluate(("roc_auc",), (), 0.95),
        gates=(),
    )
