"""`mlgitops policy replay` and `mlgitops policy backtest`: what was decided, judged again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlgitops.model.digest import short
from mlgitops.model.errors import ChangesPending, GateFailed, Inconclusive, MlgitopsError

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring
    from mlgitops.model.decision_log import Entry
    from mlgitops.usecases.backtest import Backtest
    from mlgitops.usecases.history import Archive
    from mlgitops.usecases.replay import Replay


def configure(subparsers: Any) -> None:
    """Declare both sub-commands and their arguments."""
    replay = subparsers.add_parser(
        "replay", help="judge past decisions again, by the policies that they were made with"
    )
    asked = replay.add_mutually_exclusive_group(required=True)
    asked.add_argument("id", nargs="?", metavar="ID", help="of one decision; its first digits do")
    asked.add_argument("--all", action="store_true", help="every decision at HEAD and of here")
    backtest = subparsers.add_parser(
        "backtest", help="say which past decisions would flip under the work tree's policies"
    )
    backtest.add_argument("--since", metavar="LENGTH", help="only the last, e.g. 90d")
    backtest.add_argument("--policy", metavar="NAME", help="only what this policy has a part in")
    for parser in (replay, backtest):
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.set_defaults(parser=parser)


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Do it.

    Raises:
        GateFailed: a decision comes out otherwise than recorded.
        Inconclusive: one cannot be judged again, as its evidence or commit is gone.
        ChangesPending: decisions would flip.
        SpecError: a chain of decisions is broken, or there is no such decision.
    """
    from mlgitops.usecases.history import Archive

    archive = Archive(wiring.repository, wiring.decisions, wiring.store)
    if arguments.action == "replay":
        return _replay(arguments, wiring, archive)
    return _backtest(arguments, wiring, archive)


def _replay(arguments: argparse.Namespace, wiring: Wiring, archive: Archive) -> int:
    from mlgitops.usecases.history import named
    from mlgitops.usecases.replay import replay

    found = archive.decided()
    asked = found if arguments.all else (named(found, arguments.id),)
    replays = replay(asked, archive, wiring.specs_at, engine=wiring.engine)
    error = _replay_error(replays)
    if arguments.format == "json":
        rows = [
            {**_row(one.entry), "outcome": one.outcome, "reason": one.reason} for one in replays
        ]
        return _answer({"replays": rows}, error)
    for one in replays:
        sys.stdout.write(f"{_line(one.entry)}  {one.outcome}\n")
        if one.reason:
            sys.stdout.write(f"  {one.reason}\n")
    equal = sum(one.outcome == "equal" for one in replays)
    sys.stdout.write(f"{equal} of {len(replays)} decisions come out byte for byte as recorded\n")
    return _ended(error)


def _replay_error(replays: Sequence[Replay]) -> MlgitopsError | None:
    outcomes = [one.outcome for one in replays]
    if "differs" in outcomes:
        count = outcomes.count("differs")
        return GateFailed(
            f"{count} of {len(outcomes)} decisions come out otherwise than recorded",
            hint="compare the engine and the version of mlgitops; if they are the same, find out "
            "who made the decision",
        )
    if "unknown" in outcomes:
        count = outcomes.count("unknown")
        return Inconclusive(
            f"{count} of {len(outcomes)} decisions cannot be judged again",
            hint="bring back the evidence or the commit that is missing: git fetch --all",
        )
    return None


def _backtest(arguments: argparse.Namespace, wiring: Wiring, archive: Archive) -> int:
    from mlgitops.cli.moments import length
    from mlgitops.usecases.backtest import backtest

    since = wiring.clock.now() - length(arguments.since) if arguments.since else None
    made = backtest(
        archive.decided(),
        wiring.specs,
        archive,
        engine=wiring.engine,
        since=since,
        policy=arguments.policy,
    )
    error = None
    if made.flips:
        error = ChangesPending(
            f"{len(made.flips)} of {made.judged} past decisions would flip",
            hint="what is released stays released: only the next decisions are made by these",
        )
    if arguments.format == "json":
        return _answer(_backtest_document(made), error)
    for flip in made.flips:
        sys.stdout.write(f"{_line(flip.entry)}  {flip.before} → {flip.after}\n")
        sys.stdout.write("".join(f"  because of {reason}\n" for reason in flip.because))
    sys.stdout.write(f"{len(made.flips)} of {made.judged} decisions would flip")
    sys.stdout.write(f"; {made.unknown} lack their evidence\n" if made.unknown else "\n")
    return _ended(error)


def _backtest_document(made: Backtest) -> dict[str, Any]:
    flips = [
        {
            **_row(flip.entry),
            "before": str(flip.before),
            "after": str(flip.after),
            "because": list(flip.because),
        }
        for flip in made.flips
    ]
    return {"judged": made.judged, "unknown": made.unknown, "flips": flips}


def _row(entry: Entry) -> dict[str, Any]:
    decision = entry.decision
    return {
        "id": entry.id,
        "time": decision.context["now"],
        "stage": decision.context["stage"],
        "environment": decision.environment,
        "model": decision.model,
        "candidate": short(decision.candidate),
        "commit": entry.commit,
    }


def _line(entry: Entry) -> str:
    row = _row(entry)
    place = f"{row['environment']}/{row['model']}"
    return f"{short(entry.id)}  {row['time']}  {row['stage']:<7}  {place}  {row['candidate']}"


def _answer(document: dict[str, Any], error: MlgitopsError | None) -> int:
    from mlgitops.cli.answers import answer

    answer(document, error)
    return 0


def _ended(error: MlgitopsError | None) -> int:
    if error is not None:
        raise error
    return 0
