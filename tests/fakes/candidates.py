"""Small candidates: a folder of model files and what is registered with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlgitops import folders
from mlgitops.model.digest import digest
from mlgitops.model.registry import DatasetInput, Registration
from mlgitops.model.spec import Pin

# `MLmodel` is what makes MLflow take a folder for a model.
FILES = {"MLmodel": b"flavors: {}\n", "model.pkl": b"never loaded", "code/features.py": b"X = 1\n"}


def candidate(
    folder: Path,
    model: str,
    content: bytes,
    *,
    tags: Mapping[str, str] | None = None,
    attachments: Mapping[str, bytes] | None = None,
) -> Registration:
    """Write a model folder that differs by *content*, and describe it."""
    for name, text in {**FILES, "model.pkl": content}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)
    manifest = folders.manifest(folder).digest
    return Registration(
        model=model,
        candidate=digest({"inputs": "one", "manifest": manifest}),
        manifest=manifest,
        tags=tags if tags is not None else {"mlgitops.commit": "c0ffee", "mlgitops.actor": "ada"},
        parameters={"learning_rate": "0.1", "long": "x" * 7000},
        metrics={"holdout/roc_auc": 0.65, "train/roc_auc": 0.7},
        datasets=(
            DatasetInput(
                name="flights",
                digest=digest("train"),
                source="data/flights.csv",
                columns=({"name": "distance", "type": "int64"},),
                rows=5,
                context="training",
            ),
        ),
        attachments=attachments if attachments is not None else {"evidence/staging.json": b"{}"},
    )


def pin(registration: Registration, version: int) -> Pin:
    """What a Release says of *registration* as *version*."""
    return Pin(
        version=version,
        candidate=registration.candidate,
        manifest=registration.manifest,
        evidence=digest("evidence"),
    )
