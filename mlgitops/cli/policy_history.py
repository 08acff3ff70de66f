"""`mlgitops policy replay` and `mlgitops policy backtest`: what was decided, judged again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlgitops.model.errors import ChangesPending, GateFailed, Inconclusive, MlgitopsError

if TYPE_CHECKING:
    import argparse

    from mlgitops.cli.wiring import Wiring
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
    asked.add_argument(
        "--head", metavar="ID", help="of the last decision of a log: all of it, if it ends there"
    )
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
        Inconclusive: one cannot be judged again, as its evidence, commit or policy is gone.
        ChangesPending: decisions would flip.
        SpecError: a chain of decisions is broken, there is no such decision, or no log that
            ends with it.
    """
    from mlgitops.usecases.history import Archive

    archive = Archive(wiring.repository, wiring.decisions, wiring.store)
    if arguments.action == "replay":
        return _replay(arguments, wiring, archive)
    return _backtest(arguments, wiring, archive)


def _replay(arguments: argparse.Namespace, wiring: Wiring, archive: Archive) -> int:
    from mlgitops.reports import policy_history
    from mlgitops.usecases.history import named
    from mlgitops.usecases.replay import replay

    if arguments.head is not None:
        asked = archive.ending(arguments.head)
    else:
        found = archive.decided()
        asked = found if arguments.all else (named(found, arguments.id),)
    replays = replay(asked, archive, wiring.specs_at, engine=wiring.engine)
    error = _replay_error(replays)
    if arguments.format == "json":
        from mlgitops.cli.answers import answer

        answer(policy_history.replays_document(replays), error)
        return 0
    sys.stdout.write(policy_history.replays_text(replays))
    if error is not None:
        raise error
    return 0


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
            hint="bring back what the lines above miss: evidence and commits with "
            "`git fetch --all`, built-in policies with the version of mlgitops that had them",
        )
    return None


def _backtest(arguments: argparse.Namespace, wiring: Wiring, archive: Archive) -> int:
    from mlgitops.cli.moments import before
    from mlgitops.reports import policy_history
    from mlgitops.usecases.backtest import backtest

    since = before(wiring.clock.now(), arguments.since) if arguments.since is not None else None
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
        from mlgitops.cli.answers import answer

        answer(policy_history.backtest_document(made), error)
        return 0
    sys.stdout.write(policy_history.backtest_text(made))
    if error is not None:
        raise error
    return 0
