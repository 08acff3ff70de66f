"""Keeps decisions: a line for each, chained, so that nobody changes one unseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mlgitops.model import decision_log
from mlgitops.model.errors import SpecError
from mlgitops.model.promotion import branch_name
from mlgitops.model.verdict import Verdict, moment

if TYPE_CHECKING:
    from mlgitops.model.decision_log import Entry
    from mlgitops.model.verdict import Context, Decision
    from mlgitops.ports import DecisionLog, Repository


def record(log: DecisionLog, decision: Decision, *, commit: str, dirty: bool = False) -> None:
    """Add *decision*, made by the specs of *commit*, to the log of its model.

    Raises:
        SpecError: the log's last line is none of ours; nothing is added.
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

    Of these only the last is looked at: to read all for each would take ever longer.

    Raises:
        SpecError: it is none that we wrote, or the decision has no canonical form.
    """
    previous = _last(lines, place).id if lines else None
    try:
        return decision_log.entry(decision, previous, commit=commit, dirty=dirty)
    except ValueError as error:
        raise SpecError(
            f"the decision about {decision.model!r} cannot be kept: {error}",
            hint="give the gates' parameters smaller numbers",
        ) from error


def entries(
    lines: Sequence[str], *, place: str, model: str | None = None, environment: str | None = None
) -> tuple[Entry, ...]:
    """What *lines*, which *place* holds, say; all are about *model* and *environment*, if given.

    Raises:
        SpecError: the chain is broken, or a line is about something else.
    """
    found, broken = decision_log.read(lines)
    if broken is not None:
        raise _changed(place, broken.line, broken.reason)
    for number, entry in enumerate(found, 1):
        about = entry.decision
        if about.model != (model or about.model) or about.environment != (
            environment or about.environment
        ):
            reason = f"it is about {about.environment}/{about.model}"
            raise _changed(place, number, reason)
    return found


def released(content: bytes, environment: str, model: str) -> tuple[Entry, ...]:
    """The decisions in *content*, the file that pull requests to one target add to.

    Raises:
        SpecError: as `entries`.
    """
    place = decision_log.path(environment, model)
    lines = decision_log.split(content.decode(errors="replace"))
    return entries(lines, place=place, model=model, environment=environment)


def as_proposed(
    judged: Decision, again: Callable[[Context], Decision], repository: Repository
) -> Decision:
    """The decision of the open proposal, where nothing but the time differs from *judged*.

    So the same is proposed however often, with the time at which it was decided first.
    *again* judges in another context: the proposal's own tells whether anything else
    is new, as messages and values hold the time. What is shut by now is *judged*.
    """
    names = (judged.environment, judged.model)
    known = _proposed(repository, branch_name("promotion", *names, judged.candidate), names)
    if known is None or judged.verdict is not Verdict.PASS:
        return judged
    if not _is_earlier(known.context, judged.context):
        return judged
    return known if again(known.context) == known else judged


def _is_earlier(known: Context, now: Context) -> bool:
    """Whether *known* became *now* by the passing of time alone."""
    if moment(known) > moment(now):
        return False
    hours = "soak_hours"
    return (hours in known) == (hours in now) and _timeless(known) == _timeless(now)


def _timeless(context: Context) -> dict[str, object]:
    return {name: value for name, value in context.items() if name not in ("now", "soak_hours")}


def _last(lines: Sequence[str], place: str) -> Entry:
    try:
        return decision_log.parse(lines[-1])
    except ValueError as error:
        raise _changed(place, len(lines), str(error)) from error


def _changed(place: str, line: int, reason: str) -> SpecError:
    return SpecError(
        f"the decisions in {place} were changed, at line {line}: {reason}",
        hint="find out who changed the file; then bring it back, or move it away: the next "
        "decision begins a new one",
    )


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
