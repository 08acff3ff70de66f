"""What a run knows while it walks: the specs, the neighbours, what is made so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlgitops.model.digest import digest
from mlgitops.model.spec import Dataset, Environment, Pipeline, Specs, document
from mlgitops.ports import (
    Clock,
    ExpressionEngine,
    ModelRegistry,
    Progress,
    StepStore,
    StoredStep,
    Tables,
    Worker,
)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Everything outside that a run talks to."""

    tables: Tables
    worker: Worker
    store: StepStore
    registry: ModelRegistry
    engine: ExpressionEngine
    progress: Progress
    clock: Clock


@dataclass(frozen=True, slots=True)
class Origin:
    """Who and what a run is for, as the evidence's producer says it.

    *versions* are the installed versions that training depends on, by package.
    """

    root: Path
    commit: str
    dirty: bool
    actor: str
    trigger: str
    workflow: str
    versions: Mapping[str, str]


@dataclass(slots=True)
class RunContext:
    """One walk of one pipeline. *made* grows step by step."""

    specs: Specs
    pipeline: Pipeline
    dataset: Dataset
    origin: Origin
    neighbours: Neighbours
    sample: int
    made: dict[str, StoredStep] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)

    @property
    def environments(self) -> tuple[Environment, ...]:
        """The chain; the first is the one that a run's exit code speaks for."""
        return self.specs.chain

    def path(self, step: str, output: str) -> Path:
        """Where an output of an earlier step lies."""
        return self.made[step].outputs[output].path

    def digest(self, step: str, output: str) -> str:
        """The digest of an output of an earlier step."""
        return self.made[step].outputs[output].digest

    def json(self, step: str, output: str) -> Any:
        """The document in an output of an earlier step."""
        return json.loads(self.path(step, output).read_bytes())


def spec_digest(block: Any) -> str:
    """Name a part of a spec by what it says, whatever its comments and layout."""
    return digest(document(block))
