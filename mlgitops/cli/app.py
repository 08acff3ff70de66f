"""The command line: which verb, with what, and the one door for errors.

A verb's module is imported when the verb is named, so that `--help` and
`--version` cost no more than Python and argparse.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from mlgitops.cli import output
from mlgitops.model.errors import MlgitopsError, SpecError, Unavailable

if TYPE_CHECKING:
    from mlgitops.cli.wiring import Wiring

VERBS = {
    "check": "read every spec and say what is wrong, with its place",
    "run": "walk a model's pipeline, from data to a judged and registered candidate",
    "gate": "judge evidence by the policies: that of the last run, or any file",
    "policy": "lint, test, replay and backtest policies",
    "explain": "say why a step ran or was skipped in the last run",
    "promote": "open the pull request that releases a candidate to an environment",
    "plan": "show what reconcile would do",
    "reconcile": "make the registry equal to the releases in git",
    "drift": "find what was changed in the registry by hand; --heal to put it back",
    "rollback": "open the pull request that takes a release back",
    "status": "show what is released, live and held in every environment",
    "keys": "make, list and use the keys that sign evidence",
    "audit": "prove every release anew: its evidence, its signature, its bytes",
    "demo": "play the whole loop on real flights in a fresh repository",
}
_UNMEASURED = partial(argparse.HelpFormatter, width=80)
BUG = 1
INTERRUPTED = 130
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


class Verb(Protocol):
    """What a module in `cli.verbs` offers."""

    def configure(self, parser: argparse.ArgumentParser, /) -> None:
        """Declare the verb's arguments."""

    def execute(self, arguments: argparse.Namespace, wiring: Wiring, /) -> int:
        """Do it; the exit code of a verb that had its way."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Without *arguments* it is this process's own, whose streams are guarded from now on.
    """
    if arguments is not None:
        return _end_well(list(arguments))
    _spare_the_collector()
    output.guard(os.environ)  # noqa: TID251 - the one door
    return _end_well(sys.argv[1:])


def _end_well(words: list[str]) -> int:
    try:
        try:
            return _answer(words)
        finally:
            output.flush()
    except output.Unwritten as error:
        output.forget(sys.stdout)
        with suppress(OSError, output.Unwritten):
            sys.stderr.write(f"error: the output cannot be written: {error}\n")
            sys.stderr.write("hint: free some space, then run the same command again\n")
        return Unavailable.exit_code


def _answer(words: list[str]) -> int:
    """The exit code; whoever asked for JSON has one document, however it ends."""
    texts: dict[str, str] = {}
    try:
        return _run(words, texts)
    except output.Unwritten:
        raise
    except (Exception, KeyboardInterrupt) as error:
        from mlgitops.cli.answers import answer_stop, cause

        code = _tell(cause(error), texts)
        answer_stop(words, error, code)
        if code == BUG:
            raise  # with its traceback
        return code


def _tell(error: BaseException, texts: Mapping[str, str]) -> int:
    """Say on stderr why a verb stopped; its exit code."""
    if isinstance(error, MlgitopsError):
        from mlgitops.cli.github import annotate

        complain(error, texts)
        annotate(os.environ, error)  # noqa: TID251 - the one door
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    return BUG


def complain(error: MlgitopsError, texts: Mapping[str, str]) -> None:
    """Say on stderr what is wrong and what to do next; *texts* are the specs read."""
    from mlgitops.reports import harmless

    write = sys.stderr.write
    color = output.has_colours(sys.stderr, os.environ)  # noqa: TID251 - the one door
    if isinstance(error, SpecError) and error.diagnostics:
        from mlgitops.reports.diagnostics import render_text

        write(render_text(error.diagnostics, texts, color=color))
    write(f"{_red('error:', color=color)} {harmless.message(error.message)}\n")
    if isinstance(error, SpecError) and error.details:
        write(harmless.quoted(error.details) + "\n")
    if error.hint:
        write(f"hint: {harmless.message(error.hint)}\n")


def _spare_the_collector() -> None:
    """Look rarely for cycles, and not at all at the end: nearly all that we make is kept.

    That is a seventh of the time of a run with nothing to do.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)


def _run(words: list[str], texts: dict[str, str]) -> int:
    asked, unknown = _parser(words).parse_known_args(words)
    if unknown:
        asked.parser.refuse(unknown)
    verb = _verb(asked.verb)
    from mlgitops.cli.wiring import Wiring

    with Wiring(Path(asked.directory), os.environ, texts) as wiring:  # noqa: TID251 - the one door
        return verb.execute(asked, wiring)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="mlgitops",
        description="Your repository is the control plane of your models.",
        epilog="exit codes: 0 done · 2 what you wrote is wrong · 3 a gate failed · 4 changes or "
        "drift · 5 plan again · 6 try again · 7 install an extra · 8 a person decides",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and stop")
    parser.add_argument(
        "-C", dest="directory", default=".", metavar="DIR", help="work in DIR, not here"
    )
    verbs = parser.add_subparsers(
        dest="verb",
        metavar="VERB",
        required=True,
        parser_class=_Parser,
        title="verbs",
        prog=parser.prog,  # or argparse renders the help of all that is above to find it
    )
    # A command line that begins with its verb needs no other verb's parser.
    declared = [words[0]] if words and words[0] in VERBS else list(VERBS)
    for name in declared:
        own = verbs.add_parser(name, help=VERBS[name], description=f"{name}: {VERBS[name]}.")
        own.set_defaults(parser=own)
        if name in words:
            _verb(name).configure(own)
    return parser


def _verb(name: str) -> Verb:
    verb: Verb = import_module(f"mlgitops.cli.verbs.{name}")
    return verb


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in our form, and stops with our code."""

    def __init__(self, **declared: Any) -> None:
        # Each argument is tried in a formatter, which else imports `shutil` for its width.
        super().__init__(**declared, formatter_class=_UNMEASURED)

    def format_help(self) -> str:
        self.formatter_class = argparse.HelpFormatter
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        raise SpecError(message, hint=f"{self.prog} --help")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Stop because of words that no option or argument takes; the first may be misspelt."""
        near = _meant(unknown[0].partition("=")[0], self._option_string_actions)
        self.error(f"unrecognized arguments: {' '.join(unknown)}{near}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            error.message += _meant(value, action.choices or ())
            raise


class _Version(argparse.Action):
    """Reads the installed version only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from mlgitops.cli.installed import version

        sys.stdout.write(f"mlgitops {version('mlgitops')}\n")
        parser.exit()


def _meant(word: Any, known: Iterable[str]) -> str:
    from mlgitops.spec.problems import nearest

    near = nearest(word, known)
    return f": did you mean {near!r}?" if near else ""


def _red(text: str, *, color: bool) -> str:
    return f"\x1b[31;1m{text}\x1b[0m" if color else text
