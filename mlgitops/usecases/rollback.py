"""Opens the pull request that undoes the last release of an environment.

Merging it does what `git revert` of that release does, so it leaves the same
hold; unlike it, it proves first that what comes back is still there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlgitops.model.digest import short
from mlgitops.model.errors import GateFailed, SpecError
from mlgitops.model.promotion import (
    branch_name,
    header,
    registry_effects,
    release_path,
    render_header,
)
from mlgitops.model.spec import Pin, Release, Specs
from mlgitops.model.state import Target
from mlgitops.ports import Forge, ModelRegistry, PullRequest, Repository
from mlgitops.spec.release import render
from mlgitops.usecases.candidates import find, refuse_foreign
from mlgitops.usecases.holds import Revision, held, revisions, tip
from mlgitops.usecases.proof import refuse_unproven
from mlgitops.usecases.run import find_pipeline

_OTHERWISE = "go back to another release, which `--version` names, or promote a new candidate"


@dataclass(frozen=True, slots=True)
class RollbackNeighbours:
    """Everything outside that a rollback talks to."""

    repository: Repository
    forge: Forge
    registry: ModelRegistry


@dataclass(frozen=True, slots=True)
class Rollback:
    """What is proposed; *restored* None retires the model in the environment."""

    target: Target
    undone: Pin
    restored: Pin | None
    request: PullRequest


@dataclass(frozen=True, slots=True)
class _Undo:
    """The revision that is undone, its pin, and the one before it, if any."""

    target: Target
    change: Revision
    undone: Pin
    before: Revision | None

    @property
    def restored(self) -> Pin | None:
        return self.before.desired if self.before else None


def rollback(
    target: Target,
    specs: Specs,
    neighbours: RollbackNeighbours,
    *,
    version: int | None = None,
) -> Rollback:
    """Propose to restore the Release as it was before its candidate last changed.

    With *version* as it was when that one was wanted last. Idempotent. The evidence
    of both candidates stays where it is.

    Raises:
        SpecError: no such model, nothing is released, the clone is shallow, *version* was
            not released before, or the earlier version is not in the registry any more,
            or its evidence not in git.
        GateFailed: the earlier candidate was itself rolled back.
        PlanIsStale: another project releases the model there.
    """
    _refuse_unknown(target, specs)
    refuse_foreign(target, specs, neighbours.registry)
    commit = tip(neighbours.repository, specs.project.branch)
    history = revisions(neighbours.repository, target, commit)
    if not history:  # what was released once is known without a pipeline, too
        find_pipeline(specs, target.model)
    undo = _last_change(target, history)
    if version is not None:
        undo = replace(undo, before=_released(version, undo, history))
    _refuse_held(undo, history)
    if undo.before is not None and undo.before.release is not None:
        refuse_unproven(undo.before.release, specs, otherwise=_OTHERWISE)
    if undo.restored is not None:
        _refuse_missing(undo.restored, target, neighbours.registry)
    title = _title(undo) if version is not None else f'Revert "{_reverted(undo)}"'
    request = _propose(undo, title, specs, neighbours)
    return Rollback(target, undo.undone, undo.restored, request)


def _refuse_unknown(target: Target, specs: Specs) -> None:
    if target.environment not in specs.environments:
        raise SpecError(
            f"there is no environment {target.environment!r}",
            hint=f"environments: {', '.join(sorted(specs.environments)) or 'none'}",
        )


def _propose(undo: _Undo, title: str, specs: Specs, neighbours: RollbackNeighbours) -> PullRequest:
    names = (undo.target.environment, undo.target.model)
    base = tip(neighbours.repository, specs.project.branch)
    fields = header("rollback", *names, (undo.undone, undo.restored), base)
    return neighbours.forge.propose(
        branch_name("rollback", *names, undo.undone.candidate),
        title,
        f"{render_header(fields)}\n{_body(undo, specs.environments[names[0]].alias)}",
        {release_path(*names): _text(undo)},
    )


def _last_change(target: Target, history: Sequence[Revision]) -> _Undo:
    undone = history[-1].desired if history else None
    if undone is None:
        raise SpecError(
            f"nothing is released as {target}, so there is nothing to roll back",
            hint="mlgitops status",
        )
    index = len(history) - 1
    while index > 0 and history[index - 1].candidate == history[index].candidate:
        index -= 1
    return _Undo(target, history[index], undone, history[index - 1] if index else None)


def _released(version: int, undo: _Undo, history: Sequence[Revision]) -> Revision:
    """The newest revision before the one that is undone that wanted *version*."""
    if undo.undone.version == version:
        raise SpecError(
            f"v{version} is what git wants as {undo.target} now", hint="mlgitops reconcile"
        )
    for revision in reversed(history):
        if revision.desired is not None and revision.desired.version == version:
            return revision
    known = dict.fromkeys(
        f"v{revision.desired.version}" for revision in history if revision.desired
    )
    raise SpecError(
        f"v{version} was never released as {undo.target}",
        hint=f"released were {', '.join(known)}; of another, bring back the specs and the code "
        f"that made it, then mlgitops run {undo.target.model}, and promote",
    )


def _refuse_held(undo: _Undo, history: Sequence[Revision]) -> None:
    before = undo.before.candidate if undo.before else None
    if before in held([revision.state for revision in history]):
        raise GateFailed(
            f"a rollback would bring back candidate {before}, which is held as "
            f"{undo.target}: it was rolled back before",
            hint=f"if it should be back: git revert {undo.change.commit.sha[:12]}",
        )


def _refuse_missing(pin: Pin, target: Target, registry: ModelRegistry) -> None:
    """A rollback to something that cannot be served would be no way back."""
    name = f"v{pin.version} ({short(pin.candidate)}) of {target.model!r}"
    hint = "register those bytes again, or promote another candidate"
    if find(registry.versions(target.model), pin) is None:
        raise SpecError(f"the registry does not have {name} as it was released", hint=hint)
    stored = registry.manifest(target.model, pin.version)
    if stored is None or stored.digest != pin.manifest:
        found = short(stored.digest) if stored else "gone, or links"
        raise SpecError(
            f"the files of {name} were changed: they are {found}, "
            f"released were {short(pin.manifest)}",
            hint=hint,
        )


def _text(undo: _Undo) -> str:
    """The Release file as it was; deleting it would stop management, not retire."""
    if undo.before is not None and undo.before.text is not None:
        return undo.before.text
    names = (undo.target.model, undo.target.environment)
    return render(Release(*names, desired=None, previous=undo.undone))


def _title(undo: _Undo) -> str:
    target, restored = undo.target, undo.restored
    back = f"v{restored.version}" if restored else "none"
    return f"rollback({target.model}→{target.environment}): v{undo.undone.version} back to {back}"


def _reverted(undo: _Undo) -> str:
    """The title under which the release was proposed, if the commit kept it."""
    title = undo.change.commit.message.partition("\n")[0]
    if title.startswith("promote("):
        return title
    target, restored = undo.target, undo.restored
    replaced = f" replaces v{restored.version}" if restored else ""
    return f"promote({target.model}→{target.environment}): v{undo.undone.version}{replaced}"


def _body(undo: _Undo, alias: str) -> str:
    target, undone, restored = undo.target, undo.undone, undo.restored
    back = (
        f"Restores v{restored.version} (`{short(restored.candidate)}`), which the registry "
        "has, byte for byte as it was released."
        if restored
        else "Retires the model here: nothing was released before it. No version is deleted."
    )
    lines = registry_effects(target, alias, undone, restored)
    return "\n".join(
        (
            f"## Roll back `{target}` from v{undone.version}",
            "",
            back,
            "",
            "### What merging does",
            "",
            *(f"- `{line}`" for line in lines),
            f"- Candidate `{short(undone.candidate)}` is held: not proposed here again, unless",
            "  this rollback is itself reverted.",
            "",
            f"Commit {undo.change.commit.sha[:12]} released it. Its evidence stays where it is.",
            "",
        )
    )
