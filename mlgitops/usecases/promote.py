"""Opens the pull request that releases a candidate to an environment.

Judges anew: the policies are those of the specs given, which are the project's
branch's, so a candidate cannot bring its own. Nothing is written on a refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mlgitops.model import decision_log
from mlgitops.model.attestation import PublicKey
from mlgitops.model.digest import digest_of_bytes, short
from mlgitops.model.errors import GateFailed, PlanIsStale, SpecError
from mlgitops.model.evidence import Evidence, Producer
from mlgitops.model.promotion import (
    branch_name,
    branch_prefix,
    header,
    promotion_title,
    registry_effects,
    release_path,
)
from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import Pin, Release, Specs
from mlgitops.model.state import Target
from mlgitops.model.verdict import Context, Decision
from mlgitops.ports import (
    DecisionLog,
    ExpressionEngine,
    Forge,
    ModelRegistry,
    PullRequest,
    Repository,
    Signer,
)
from mlgitops.reports.markdown import Merge, promotion_body
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.release import render
from mlgitops.usecases.candidates import THE_NEXT, Choice, find, next_version, refuse_foreign
from mlgitops.usecases.circumstances import circumstances
from mlgitops.usecases.decisions import as_proposed, following, record
from mlgitops.usecases.freshness import refuse_other_functions, refuse_outdated
from mlgitops.usecases.gate import gate
from mlgitops.usecases.holds import Revision, held, revisions, tip
from mlgitops.usecases.merged import unmerged
from mlgitops.usecases.proof import refuse_unproven
from mlgitops.usecases.refusal import refuse_unless_open
from mlgitops.usecases.run import find_pipeline
from mlgitops.usecases.signing import key_for, signed


@dataclass(frozen=True, slots=True)
class PromotionNeighbours:
    """Everything outside that a promotion talks to."""

    repository: Repository
    forge: Forge
    registry: ModelRegistry
    engine: ExpressionEngine
    decisions: DecisionLog
    signer: Signer | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """What is proposed; *superseded* are branches of older proposals, now closed.

    Without *request* there is nothing to do: the candidate is desired already.
    *unmerged* says what the project's branch lacks of what made it; empty for nothing.
    *signed_by* is the key that signed its evidence, None where nobody did.
    """

    target: Target
    version: int
    candidate: str
    replaced: Pin | None
    decision: Decision | None = None
    request: PullRequest | None = None
    superseded: tuple[str, ...] = ()
    unmerged: str = ""
    signed_by: PublicKey | None = None


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A judged candidate; *content* are its evidence's bytes, *base* what it is proposed on."""

    target: Target
    version: ModelVersion
    base: str
    content: bytes
    evidence: Evidence
    decision: Decision
    replaced: Pin | None
    unmerged: str

    @property
    def pin(self) -> Pin:
        subject = self.evidence["subject"]
        return Pin(
            version=self.version.version,
            candidate=short(subject["candidate"]),
            manifest=subject["manifest"],
            evidence=digest_of_bytes(self.content),
        )


def promote(
    target: Target,
    specs: Specs,
    neighbours: PromotionNeighbours,
    *,
    now: datetime,
    choice: Choice = THE_NEXT,
) -> Promotion:
    """Propose the next candidate, or the chosen one, for *target*.

    *specs* are those of the project's branch. Idempotent: what is proposed
    already stays as it is. Older proposals for the target are closed.

    Raises:
        SpecError: no such model, environment or version, no evidence for it, it was made
            with uncommitted changes, the chain would be broken, the clone is shallow,
            what it would replace is not proven, or there is no key to sign with that counts
            where the project demands one.
        GateFailed: a gate is shut, the candidate is held or sampled, or its
            evidence is not what was registered.
        Inconclusive: a gate could not decide.
        PlanIsStale: the champion changed since the evidence was made, so did how the
            model is examined, it is too old, its metric functions are not the branch's,
            or another project releases the model there.
        ChangesPending: the environment before has not been reconciled.
    """
    find_pipeline(specs, target.model)
    refuse_foreign(target, specs, neighbours.registry)
    version = next_version(target, specs, neighbours.registry, choice)
    release = specs.releases.get((target.environment, target.model))
    replaced = release.desired if release else None
    if release is not None:
        refuse_unproven(release, specs)
    candidate = short(version.candidate or "")
    if replaced is not None and short(replaced.candidate) == candidate:
        return Promotion(target, version.version, candidate, replaced)
    key = key_for(specs, neighbours.signer)
    proposal = _judged(version, target, replaced, specs, neighbours, now)
    request = _propose(proposal, specs, neighbours)
    superseded = _close_older(request.branch, target, neighbours.forge)
    found = (target, version.version, candidate, replaced)
    return Promotion(*found, proposal.decision, request, superseded, proposal.unmerged, key)


def _judged(
    version: ModelVersion,
    target: Target,
    replaced: Pin | None,
    specs: Specs,
    neighbours: PromotionNeighbours,
    now: datetime,
) -> _Proposal:
    """*version* as it may be proposed: not held, judged against *replaced*, its gates open."""
    branch = specs.project.branch
    base = tip(neighbours.repository, branch)
    history = revisions(neighbours.repository, target, base)
    _refuse_held(short(version.candidate or ""), target, history)
    content, evidence = _evidence(target, version, neighbours.registry)
    _refuse_stale(evidence, replaced, target, history)
    refuse_outdated(evidence, specs, now)
    lacking = unmerged(evidence["producer"], neighbours.repository, branch)
    refuse_other_functions(evidence, specs, neighbours.repository, base, lacking)

    def judged_in(context: Context) -> Decision:
        return gate(specs, evidence, engine=neighbours.engine, context=context)

    judged = judged_in(circumstances(target, replaced, specs, neighbours.registry, now))
    decision = as_proposed(judged, judged_in, neighbours.repository)
    if decision is judged:
        record(neighbours.decisions, judged, commit=base)
    refuse_unless_open(decision, branch=branch)
    return _Proposal(target, version, base, content, evidence, decision, replaced, lacking)


def _refuse_held(candidate: str, target: Target, history: Sequence[Revision]) -> None:
    if candidate in held([revision.state for revision in history]):
        raise GateFailed(
            f"candidate {candidate} is held as {target}: it was released and rolled back",
            hint="make a new candidate, or revert the rollback with `git revert`",
        )


def _evidence(
    target: Target, version: ModelVersion, registry: ModelRegistry
) -> tuple[bytes, Evidence]:
    """The evidence that was registered with *version*, and that it is about it."""
    run = f"mlgitops run {target.model}"
    digest = version.tags.get(f"mlgitops.evidence.{target.environment}")
    if digest is None:
        raise SpecError(
            f"v{version.version} of {target.model!r} has no evidence for {target.environment}",
            hint=f"it was judged before that environment existed: {run}",
        )
    path = evidence_file.attachment(digest, target.environment)
    content = registry.attachment(version, path)
    if content is None or digest_of_bytes(content) != digest:
        raise GateFailed(
            f"{path} of v{version.version} is not the evidence that was registered",
            hint=f"find out who changed it, then: {run}",
        )
    evidence = evidence_file.decode(content)
    subject = evidence["subject"]
    found = (evidence["environment"], subject["model"], subject["candidate"], subject["manifest"])
    wanted = (target.environment, target.model, version.candidate, version.manifest)
    if found != wanted:
        raise GateFailed(f"{path} of v{version.version} is evidence about another model", hint=run)
    _refuse_unreviewable(evidence["producer"], f"v{version.version}", run)
    return content, evidence


def _refuse_unreviewable(producer: Producer, name: str, run: str) -> None:
    """Refuse a look at a few rows, and what was made of code that no commit has."""
    if producer["sample"]:
        raise GateFailed(
            f"{name} was made from a sample of {producer['sample']:,} rows, "
            "so it can never be released",
            hint=run,
        )
    if producer["dirty"]:
        raise SpecError(
            f"{name} was made with uncommitted changes, so no commit has all of its code",
            hint=f"commit, then `{run}`: only what follows train is made anew",
        )


def _refuse_stale(
    evidence: Evidence, replaced: Pin | None, target: Target, history: Sequence[Revision]
) -> None:
    champion, candidate = evidence["champion"], short(evidence["subject"]["candidate"])
    judged = (champion["version"], champion["manifest"]) if champion else None
    released = (replaced.version, replaced.manifest) if replaced else None
    if judged == released:
        return
    before = f"v{judged[0]}" if judged else "nothing"
    now = f"v{released[0]}" if released else "nothing"
    earlier = [one.desired.version for one in history if one.desired and one.candidate == candidate]
    back = f"mlgitops rollback {target.model} --env {target.environment} --version"
    raise PlanIsStale(
        f"the candidate was judged against {before}, but {now} is released as {target}",
        hint=f"{back} {earlier[-1]}" if earlier and replaced else f"mlgitops run {target.model}",
    )


def _propose(proposal: _Proposal, specs: Specs, neighbours: PromotionNeighbours) -> PullRequest:
    target, pin, replaced = proposal.target, proposal.pin, proposal.replaced
    names = (target.environment, target.model)
    log_path = decision_log.path(*names)
    before = neighbours.repository.read(log_path, proposal.base) or ""
    lines = decision_log.split(before)
    entry = following(lines, proposal.decision, place=log_path, commit=proposal.base)
    fields = header("promotion", *names, (pin, replaced), proposal.base, decision=entry.id)
    merge = Merge(
        registry_effects(target, specs.environments[names[0]].alias, replaced, pin),
        _way_back(target, replaced, neighbours.registry),
        proposal.unmerged,
    )
    release = Release(target.model, target.environment, desired=pin, previous=replaced)
    evidence_path = evidence_file.path(pin.evidence, pin.candidate, target.model)
    return neighbours.forge.propose(
        branch_name("promotion", *names, pin.candidate),
        promotion_title(target.model, target.environment, pin, replaced, proposal.decision),
        promotion_body(fields, proposal.evidence, proposal.decision, merge),
        {
            release_path(*names): render(release),
            evidence_path: proposal.content.decode(),
            log_path: f"{before}{entry.line}\n",
            **signed(proposal.content, specs, neighbours.signer),
        },
    )


def _way_back(target: Target, replaced: Pin | None, registry: ModelRegistry) -> str:
    if replaced is None:
        return "A rollback retires the model here, since nothing was released before."
    name = f"v{replaced.version} ({short(replaced.candidate)})"
    if find(registry.versions(target.model), replaced) is None:
        return f"A rollback is not possible: the registry does not have {name} as it was released."
    return f"A rollback restores {name}, which the registry has as it was released."


def _close_older(branch: str, target: Target, forge: Forge) -> tuple[str, ...]:
    prefix = branch_prefix("promotion", target.environment, target.model)
    older = [one.branch for one in forge.open_requests(prefix) if one.branch != branch]
    for other in older:
        forge.close(other)
    return tuple(older)
