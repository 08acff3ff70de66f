"""What a user's specs say, checked and decoded; one class per kind and block.

Instances come from `mlgitops.spec` only, which has already refused what is
wrong. Paths in them are relative to the repository's root. Datasets, pipelines and
policies, the largest kinds, have modules of their own beside this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal

from mlgitops.model.attestation import NOBODY, Trust
from mlgitops.model.dataset import Dataset
from mlgitops.model.pipeline import Pipeline
from mlgitops.model.policy import Gate, Policy, PolicyTest, Waiver

DriftMode = Literal["detect", "enforce"]

_DURATION = re.compile(r"(\d+)(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """The length that `30m`, `48h`, `30d` or `2w` names.

    Raises:
        ValueError: *text* has another form.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 48h or 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def document(block: Any) -> Any:
    """A block of a spec as JSON, so that it can be digested; lengths in seconds."""
    if is_dataclass(block):
        return {one.name: document(getattr(block, one.name)) for one in fields(block)}
    if isinstance(block, Mapping):
        return {key: document(value) for key, value in block.items()}
    if isinstance(block, list | tuple):
        return [document(item) for item in block]
    if isinstance(block, timedelta):
        return block.total_seconds()
    if isinstance(block, date):
        return block.isoformat()
    return block


class Kind(StrEnum):
    """The kinds of spec, as `kind:` names them."""

    PROJECT = "Project"
    DATASET = "Dataset"
    PIPELINE = "Pipeline"
    POLICY = "Policy"
    ENVIRONMENT = "Environment"
    RELEASE = "Release"
    WAIVER = "Waiver"
    POLICY_TEST = "PolicyTest"


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """Where MLflow is: a tracking *uri* and the *artifacts* folder or URI.

    Either may read `env:NAME`, which the command line resolves.
    """

    uri: str
    artifacts: str


@dataclass(frozen=True, slots=True)
class ForgeAddress:
    """Where pull requests live; *remote* is the git remote to push branches to."""

    kind: Literal["local"]
    remote: str | None


@dataclass(frozen=True, slots=True)
class Signing:
    """Whether evidence without a signature is refused; a wrong one always is."""

    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """The repository as a whole; *branch* holds the desired state."""

    name: str
    registry: RegistryAddress
    forge: ForgeAddress
    branch: str
    signing: Signing = Signing()


@dataclass(frozen=True, slots=True)
class Environment:
    """A place that models are released to; *source* comes before it in the chain.

    Evidence older than *max_evidence_age* releases nothing there; None for any age.
    """

    name: str
    source: str | None
    alias: str
    gates: tuple[Gate, ...]
    drift: DriftMode
    max_evidence_age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """One exact model version: the digests say what its number must hold."""

    version: int
    candidate: str
    manifest: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Release:
    """The desired state of one target; *desired* None retires the model there.

    *previous* is what the promotion replaced, so that two promotions from one
    base conflict in git.
    """

    model: str
    environment: str
    desired: Pin | None
    previous: Pin | None


# What is at a path of the tree that specs are of; None where that is no file.
EvidenceReader = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Specs:
    """Every spec of a repository, by name; releases by (environment, model).

    *policies* holds the built-in pack too; *texts* holds each file's digest by path.
    *evidence* reads what Releases pin when it is asked for, from the tree that they
    are in, so that thousands which nobody looks at cost nothing. *trust* has the keys of
    that tree.
    """

    project: Project
    datasets: Mapping[str, Dataset]
    pipelines: Mapping[str, Pipeline]
    policies: Mapping[str, Policy]
    environments: Mapping[str, Environment]
    releases: Mapping[tuple[str, str], Release]
    waivers: tuple[Waiver, ...]
    texts: Mapping[str, str]
    evidence: EvidenceReader
    trust: Trust = NOBODY
    policy_tests: Mapping[str, PolicyTest] = field(default_factory=dict)

    @property
    def chain(self) -> tuple[Environment, ...]:
        """The environments in order of promotion, each after its source."""
        ordered: list[Environment] = []
        waiting = sorted(self.environments.values(), key=lambda environment: environment.name)
        while waiting:
            placed = {environment.name for environment in ordered}
            ready = [e for e in waiting if e.source is None or e.source in placed]
            if not ready:
                break
            ordered += ready
            waiting = [e for e in waiting if e not in ready]
        return tuple(ordered)
