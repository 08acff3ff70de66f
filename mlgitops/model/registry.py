"""What a model registry holds, as we see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlgitops.model.evidence import Column, Evidence


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
class Registration:
    """All that is written when a candidate becomes a version.

    *durations* are seconds by step; *signature* are the model's input columns;
    *attachments* are the run's artifacts by path, e.g. `evidence.json`.
    """

    model: str
    candidate: str
    manifest: str
    evidence: Evidence
    evidence_digest: str
    parameters: Mapping[str, str]
    durations: Mapping[str, float]
    signature: tuple[Column, ...]
    trigger: str
    actor: str
    attachments: Mapping[str, bytes]
