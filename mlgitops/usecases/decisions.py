"""Keeps decisions: a line for each, chained, so that nobody changes one unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlgitops.model import decision_log
from mlgitops.model.errors import SpecError
from mlgitops.model.promotion import branch_name
from mlgitops.model.verdict import moment

if TYPE_CHECKING:
    from mlgitops.model.decision_log import Entry
    from mlgitops.model.verdict import Decision
    from mlgitops.ports import DecisionLog, Repository


def record(log: DecisionLog, decision: Decision, *, commit: str, dirty: bool = False) -> None:
    """Add *decision*, made by the specs of *commit*, to the log of its model.

    Raises:
        SpecError: the log's chain is broken; nothing is added.
        Unavailable: the disk refuses.
    """
    place = f".mlgitops/decisions/{decision.model}.jsonl"

    def made(lines: Sequence[str]) -> str:
        return following(lines, decision, place=place, commit=commit, dirty=dirty).line

    log.append(decision.model, made)


def following(
    lines: Sequence[str], decision: Decision, *, place: str, commit: str, dirty: bool = False
) -> Entry:
    """The entry of *decision* after *lines*, which *place* holds.

    Raises:
        SpecError: their chain is broken, or the decision has no canonical form.
    """
    whole = entries(lines, place=place)
    previous = whole[-1].id if whole else None
    try:
        return decision_log.entry(decision, previous, commit=commit, dirty=dirty)
    except ValueError as error:
        raise SpecError(
            f"the decision about {decision.model!r} cannot be kept: {error}",
            hint="give the gates' parameters smaller numbers",
        ) from error


def entries(lines: Sequence[str], *, place: str, head: str | None = None) -> tuple[Entry, ...]:
    """What *lines*, which *place* holds, say; *head* is the last id where it is known.

    Raises:
        SpecError: the chain is broken.
    """
    found, broken = decision_log.read(lines, head)
    if broken is not None:
        raise SpecError(
            f"the decisions in {place} were changed, at line {broken.line}: {broken.reason}",
            hint="find out who changed the file; then bring it back, or move it away: the next "
            "decision begins a new one",
        )
    return found


def as_proposed(judged: Decision, repository: Repository) -> Decision:
    """The decision of the open proposal, when *judged* differs from it in its context only.

    So the same is proposed however often, with the time at which it was decided first.
    """
    names = (judged.environment, judged.model)
    known = _proposed(repository, branch_name("promotion", *names, judged.candidate), names)
    if known is None or known.context["stage"] != judged.context["stage"]:
        return judged
    is_earlier = moment(known.context) <= moment(judged.context)
    return known if is_earlier and replace(judged, context=known.context) == known else judged


def _proposed(repository: Repository, branch: str, names: tuple[str, str]) -> Decision | None:
    """The last decision on the *branch* of a proposal, if it is there and whole."""
    refs = [ref for ref in repository.branches(branch) if ref.endswith(branch)]
    commit = repository.tip(refs[0]) if refs else None
    text = repository.read(decision_log.path(*names), commit) if commit else None
    if not text:
        return None
    try:
        return decision_log.parse(decision_log.split(text)[-1]).decision
    except ValueError:
        return None
