"""What a model registry holds, as we see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlgitops.model.evidence import Column


HOLDOUT_TAG = "mlgitops.holdout"
"""The tag of a version with the digest of the holdout that judged it."""


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model with its movable names. Alias versions are always int here."""

    name: str
    aliases: Mapping[str, int]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version; *candidate* and *manifest* are None where we did not register it."""

    model: str
    version: int
    candidate: str | None
    manifest: str | None
    run_id: str | None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A table that a run used; *context* is `training` or `evaluation`."""

    name: str
    digest: str
    source: str
    columns: tuple[Column, ...]
    rows: int
    context: str


@dataclass(frozen=True, slots=True)
class Registration:
    """All that is written when a candidate becomes a version.

    *candidate* and *manifest* are full digests; *tags* go on the version and its
    run, *parameters* and *metrics* on the run; *attachments* are the run's
    artifacts by path, e.g. `report/staging.html`.
    """

    model: str
    candidate: str
    manifest: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    datasets: tuple[DatasetInput, ...]
    attachments: Mapping[str, bytes]
