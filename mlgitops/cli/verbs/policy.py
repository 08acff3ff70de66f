"""`mlgitops policy`: what one does with policies themselves, one action each."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from mlgitops.cli import policy_history
from mlgitops.cli.strict import refused_warnings
from mlgitops.model.errors import GateFailed, SpecError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mlgitops.cli.wiring import Wiring
    from mlgitops.model.source import Diagnostic
    from mlgitops.reports.policy_tests import Shortcoming

_LEAST_SCORE = 0.95


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    lint = actions.add_parser("lint", help="say what is wrong with policies, or easily goes wrong")
    lint.add_argument("names", nargs="*", metavar="NAME", help="a policy; default: all of here")
    lint.add_argument("--strict", action="store_true", help="stop with code 2 on a warning, too")
    lint.add_argument("--format", choices=("text", "json", "github"), default="text")
    test = actions.add_parser("test", help="try policies on the cases that PolicyTests describe")
    test.add_argument("names", nargs="*", metavar="NAME", help="a test or policy; default: all")
    test.add_argument("--builtin", action="store_true", help="the tests of the built-in policies")
    test.add_argument("--mutate", action="store_true", help="see whether faults would be noticed")
    test.add_argument(
        "--min-score",
        type=float,
        metavar="SHARE",
        help=f"of the faults in each policy to be noticed with --mutate; default {_LEAST_SCORE}",
    )
    test.add_argument("--no-coverage", action="store_true", help="let rules go untried: a draft")
    test.add_argument("--format", choices=("text", "json"), default="text")
    for action in (lint, test):
        action.set_defaults(parser=action)
    policy_history.configure(actions)


def execute(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Do what was asked.

    Raises:
        SpecError: a policy or a test is wrong.
        GateFailed: a case is not as expected, a rule not covered, or too many faults
            would go unnoticed.
    """
    match arguments.action:
        case "lint":
            return _lint(arguments, wiring)
        case "test":
            return _test(arguments, wiring)
        case _:
            return policy_history.execute(arguments, wiring)


def _test(arguments: argparse.Namespace, wiring: Wiring) -> int:
    from mlgitops.reports import policy_tests
    from mlgitops.spec import evidence
    from mlgitops.spec.load import load_pack
    from mlgitops.usecases.policy_test import Order, run

    least = _least_score(arguments)
    documents = load_pack() if arguments.builtin else wiring.documents()[0]
    read = _no_file if arguments.builtin else partial(evidence.read, wiring.root)
    order = Order(tuple(arguments.names), arguments.builtin, arguments.mutate)
    reports = run(documents, order, wiring.engine, read)
    error = _failure(
        policy_tests.shortcomings(reports, least_score=least, is_covering=not arguments.no_coverage)
    )
    if arguments.format == "json":
        from mlgitops.cli.answers import answer

        answer(policy_tests.document(reports), error)
        return 0
    policy_tests.render(wiring.console, reports)
    if error:
        raise error
    return 0


def _least_score(arguments: argparse.Namespace) -> float:
    """The share asked for; without mutants nothing is.

    Raises:
        SpecError: it is no share, or there are no mutants to notice.
    """
    share: float | None = arguments.min_score
    if share is None:
        return _LEAST_SCORE if arguments.mutate else 0.0
    if not arguments.mutate:
        raise SpecError("--min-score is about --mutate", hint="add --mutate")
    if not 0 <= share <= 1:
        raise SpecError(f"--min-score {share:g}: a share is between 0 and 1", hint="e.g. 0.95")
    return share


def _failure(shortcomings: Sequence[Shortcoming]) -> GateFailed | None:
    if not shortcomings:
        return None
    remedies = list(dict.fromkeys(one.remedy for one in shortcomings))
    hint = remedies[0] if len(remedies) == 1 else "\n  ".join(["what to do:", *remedies])
    return GateFailed("; ".join(one.said for one in shortcomings), hint=hint)


def _no_file(_: str) -> bytes | None:
    """Tests of the built-in policies name no file."""
    return None


def _lint(arguments: argparse.Namespace, wiring: Wiring) -> int:
    from mlgitops.usecases.policy_lint import lint

    documents, texts = wiring.documents()
    found = lint(documents, texts, arguments.names, wiring.engine)
    stop = _stop(found, is_strict=arguments.strict)
    _show(found, texts, arguments.format, stop, wiring)
    if stop:
        raise stop
    return 0


def _stop(found: Sequence[Diagnostic], *, is_strict: bool) -> SpecError | None:
    """The error that the findings come to; None if there is none."""
    if errors := sum(one.level == "error" for one in found):
        verb = "is an error" if errors == 1 else "are errors"
        return SpecError(f"{errors} of {len(found)} findings {verb}")
    return refused_warnings(found) if is_strict else None


def _show(
    found: tuple[Diagnostic, ...],
    texts: Any,
    form: str,
    stop: SpecError | None,
    wiring: Wiring,
) -> None:
    from mlgitops.reports import diagnostics

    if form == "json":
        from mlgitops.cli.answers import answer

        answer({"findings": [diagnostics.finding(one) for one in found]}, stop)
    elif form == "github":
        from mlgitops.cli.output import commands

        commands(sys.stdout, diagnostics.render_github(found))
    else:
        from mlgitops.cli.output import has_colours

        color = has_colours(sys.stdout, wiring.environ)
        sys.stdout.write(diagnostics.render_text(found, texts, color=color))
        sys.stdout.write("nothing to say\n" if not found else "")
