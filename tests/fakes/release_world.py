"""A repository, a registry and the people around them, for tests of promotion and rollback.

Specs, git, policies and the expression engine are real; the registry is in memory.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.adapters.decision_files import LocalDecisionLog
from mlgitops.adapters.git_repository import GitRepository
from mlgitops.adapters.local_forge import LocalForge
from mlgitops.adapters.step_store import LocalStepStore
from mlgitops.cli.signing import keys_at, trust
from mlgitops.folders import OURS
from mlgitops.model import decision_log
from mlgitops.model.decision_log import Entry
from mlgitops.model.digest import canonical_json, digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import Pin, Specs
from mlgitops.model.state import Applied, Record, Stamp, Target
from mlgitops.ports import Signer
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.load import load, read_builtin
from mlgitops.spec.placement import FOLDERS, PROJECT_FILE
from mlgitops.usecases.candidates import Choice
from mlgitops.usecases.decisions import entries
from mlgitops.usecases.freshness import examination
from mlgitops.usecases.history import Archive
from mlgitops.usecases.holds import revisions
from mlgitops.usecases.promote import Promotion, PromotionNeighbours, promote
from mlgitops.usecases.rollback import Rollback, RollbackNeighbours, rollback
from tests.fakes.candidates import candidate
from tests.fakes.git_workspace import GitWorkspace
from tests.fakes.model_registry import InMemoryRegistry

MODEL = "flights-delay"
STAGING = Target("staging", MODEL)
PRODUCTION = Target("production", MODEL)
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
_EVIDENCE = json.loads(
    (Path(__file__).parents[2] / "policies" / "tests" / "evidence.json").read_text()
)
_ENVELOPE = "apiVersion: mlgitops.dev/v1\nkind: {}\nmetadata: {{name: {}}}\n"
_SPECS = {
    "mlgitops.yaml": _ENVELOPE.format("Project", "flights"),
    "mlops/datasets/flights.yaml": _ENVELOPE.format("Dataset", "flights")
    + "spec: {sources: {flights: {csv: flights.csv}}, keys: [id]}\n",
    "mlops/pipelines/flights-delay.yaml": _ENVELOPE.format("Pipeline", MODEL)
    + "spec:\n  task: binary-classification\n  data: {dataset: flights, label: late}\n"
    "  train: {estimator: sklearn.linear_model.LogisticRegression}\n"
    "  gates:\n    - {policy: min-metric, with: {metric: roc_auc, min: 0.62}}\n",
    "mlops/environments/staging.yaml": _ENVELOPE.format("Environment", "staging"),
    "mlops/environments/production.yaml": _ENVELOPE.format("Environment", "production")
    + "spec: {from: staging, alias: champion}\n",
}


class ReleaseWorld:
    """One repository with the chain staging → production, and one model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self.now = NOW
        self.signer: Signer | None = None
        self.workspace = GitWorkspace.create(folder / "work")
        self.workspace.commit(_SPECS, "Specs")
        self.repository = GitRepository(self.workspace.root, self.workspace.env)
        self.registry = InMemoryRegistry()
        self.forge = LocalForge(self.repository, "main", None)
        self.decisions = LocalDecisionLog(self.workspace.root / OURS)

    @property
    def specs(self) -> Specs:
        """The specs of `main`, with the built-in policies."""
        texts = self.repository.read_all((PROJECT_FILE, *FOLDERS.values()), "main")
        return load(
            texts,
            read_builtin(),
            evidence=lambda path: self.repository.read_bytes(path, "main"),
            trust=trust(lambda: keys_at(self.repository, self.workspace.git("rev-parse", "main"))),
        )

    def run(
        self,
        *,
        auc: float = 0.65,
        sample: int = 0,
        origin: Mapping[str, Any] | None = None,
        forged: Mapping[str, Any] | None = None,
        environments: tuple[str, ...] = ("staging", "production"),
        examined_by: Specs | None = None,
    ) -> ModelVersion:
        """Register a new candidate, judged against what is released now.

        *origin* replaces parts of who made it, which is a clean checkout of HEAD; *forged*
        replaces parts of its evidence after its digest was recorded.
        """
        self._made += 1
        model = self._folder / f"model-{self._made}"
        made = candidate(model, MODEL, b"%d" % self._made)
        tags, attachments = {}, {}
        for name in environments:
            evidence = self._evidence(Target(name, MODEL), made.candidate, made.manifest, auc)
            made_by = {"commit": self.workspace.head, "sample": sample}
            evidence["producer"] |= made_by | dict(origin or {})
            specs = examined_by or self.specs
            evidence["inputs"]["evaluate"] = examination(
                specs.pipelines[MODEL], specs.datasets["flights"]
            )
            content = canonical_json(evidence)
            tags[f"mlgitops.evidence.{name}"] = digest_of_bytes(content)
            path = evidence_file.attachment(digest_of_bytes(content), name)
            attachments[path] = canonical_json({**evidence, **(forged or {})})
        return self.registry.register(replace(made, tags=tags, attachments=attachments), model)

    def promote(
        self, target: Target = STAGING, *, version: int | None = None, candidate: str | None = None
    ) -> Promotion:
        neighbours = PromotionNeighbours(
            self.repository, self.forge, self.registry, CelEngine(), self.decisions, self.signer
        )
        choice = Choice(version, candidate)
        return promote(target, self.specs, neighbours, now=self.now, choice=choice)

    def rollback(self, target: Target = STAGING) -> Rollback:
        return rollback(target, self.specs, self.around_a_rollback)

    @property
    def around_a_rollback(self) -> RollbackNeighbours:
        return RollbackNeighbours(self.repository, self.forge, self.registry)

    def release(self, target: Target = STAGING, how: str = "merge") -> str:
        """Promote the next candidate, merge, and reconcile; the merge's commit."""
        promotion = self.promote(target)
        assert promotion.request is not None
        commit = self.workspace.merge(promotion.request.branch, how)
        self.reconcile(target)
        return commit

    def reconcile(self, target: Target) -> None:
        """Record what is desired as applied, as reconcile does."""
        pin = self.desired(target)
        if pin is not None:
            stamp = Stamp(self.workspace.head, datetime(2026, 1, 2, tzinfo=UTC), "run")
            applied = Applied.of(pin, self.specs.environments[target.environment].alias, stamp)
            record = Record(self.specs.project.name, stamp.commit, applied)
            self.registry.set_tag(MODEL, target.record_tag, record.encode())

    def disown(self, target: Target, project: str) -> None:
        """Let *target* be what another project released."""
        text = self.registry.observe([MODEL])[MODEL].tags[target.record_tag]
        record = replace(Record.decode(text), project=project)
        self.registry.set_tag(MODEL, target.record_tag, record.encode())

    def desired(self, target: Target = STAGING) -> Pin | None:
        """What `main` wants live."""
        history = revisions(self.repository, target, "main")
        return history[-1].desired if history else None

    def specs_at(self, commit: str) -> Specs:
        """The specs of any commit."""
        if self.repository.resolve(commit) is None:
            raise SpecError(f"there is no commit {commit!r}")
        files = self.repository.read_all((PROJECT_FILE, *FOLDERS.values()), commit)
        return load(files, read_builtin())

    @property
    def archive(self) -> Archive:
        """Where decisions and evidence are kept; the store is empty."""
        store = LocalStepStore(self.workspace.root / OURS, self.workspace.root)
        return Archive(self.repository, self.decisions, store)

    def carried(self, ref: str, target: Target = STAGING) -> tuple[Entry, ...]:
        """The decisions about *target* at *ref*, whose chain has to be whole."""
        place = decision_log.path(target.environment, target.model)
        text = self.repository.read(place, ref) or ""
        return entries(decision_log.split(text), place=place)

    def made_here(self) -> tuple[Entry, ...]:
        """The decisions made on this machine."""
        return entries(self.decisions.lines(MODEL), place="here")

    def branches(self) -> tuple[str, ...]:
        return self.repository.branches("mlgitops/")

    def _evidence(
        self, target: Target, candidate: str, manifest: str, auc: float
    ) -> dict[str, Any]:
        evidence: dict[str, Any] = copy.deepcopy(_EVIDENCE)
        evidence["environment"] = target.environment
        evidence["subject"] |= {"candidate": candidate, "manifest": manifest}
        evidence["metrics"]["roc_auc"] |= {"value": auc, "low": auc - 0.01, "high": auc + 0.01}
        pin = self.desired(target)
        if pin is None:
            return evidence | {"champion": None, "comparison": {}}
        evidence["champion"] |= {
            "version": pin.version,
            "candidate": pin.candidate,
            "manifest": pin.manifest,
        }
        return evidence
