"""Specs of a chain staging → production with one pipeline, and the releases given."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mlgitops.model.digest import canonical_json, digest_of_bytes
from mlgitops.model.pipeline import Evaluate, Features, Pipeline, Train
from mlgitops.model.spec import (
    DriftMode,
    Environment,
    ForgeAddress,
    Pin,
    Project,
    RegistryAddress,
    Release,
    Specs,
)
from mlgitops.model.state import Stamp
from mlgitops.spec import evidence as evidence_file

_EVIDENCE = json.loads(
    (Path(__file__).parents[2] / "policies" / "tests" / "evidence.json").read_text()
)
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
    """The alias of production is `champion`, that of staging its own name.

    Each release is given a digest of evidence that is about it, and the tree the file.
    """
    made = [proven(one) for one in releases]
    files = dict(file for _, file in made if file)
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
        releases={(found.environment, found.model): found for found, _ in made},
        waivers=(),
        texts={},
        evidence=files.get,
    )


def proven(release: Release) -> tuple[Release, tuple[str, bytes] | None]:
    """*release* with the digest of evidence that is about it, and that file."""
    pin = release.desired
    if pin is None:
        return release, None
    evidence = copy.deepcopy(_EVIDENCE)
    evidence["environment"] = release.environment
    evidence["subject"] |= {
        "model": release.model,
        "candidate": pin.candidate,
        "manifest": pin.manifest,
    }
    content = canonical_json(evidence)
    pin = replace(pin, evidence=digest_of_bytes(content))
    path = evidence_file.path(pin.evidence, pin.candidate, release.model)
    return replace(release, desired=pin), (path, content)


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
