"""What leaves the process: standard output and standard error, behind one guard.

Whatever is printed, a traceback of ours included, passes it; only workflow
commands that we mean to give go by `commands`. A reader that goes away (`| head`)
misses the rest, and the command ends as it would have.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import Any, TextIO, cast

# All that `disarmed` may have to change, and a little more: most text has none of it.
_SUSPECT = re.compile(r"[^\n\t -~]|^[ \t]*:|\[", re.MULTILINE)


class Unwritten(Exception):
    """A standard stream does not take what is written to it, e.g. as its disk is full."""


def guard(environ: Mapping[str, str]) -> None:
    r"""From now on, what is written to the standard streams is made harmless.

    Characters that a stream's encoding lacks become escapes such as `\u2192`.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None:  # a process can be started without
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
            guarded = Guard(stream, colours=has_colours(stream, environ))
            setattr(sys, name, cast("TextIO", guarded))


def has_colours(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether bold, dim and colours may be written to *stream*.

    Source: https://no-color.org; with `NO_COLOR` nothing can force them.
    """
    if environ.get("NO_COLOR"):
        return False
    forced = bool(environ.get("FORCE_COLOR")) or environ.get("TTY_COMPATIBLE") == "1"
    return forced or stream.isatty()


def flush() -> None:
    """Have standard output take all that was written to it.

    Raises:
        Unwritten: it takes no more, e.g. as its disk is full.
    """
    if sys.stdout is not None:
        with _refusals(sys.stdout):
            sys.stdout.flush()


def forget(stream: TextIO) -> None:
    """Drop what *stream* has not taken and will not take, so that nothing tries once more."""
    with suppress(AttributeError, OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def unguarded(stream: TextIO) -> TextIO:
    """*stream* itself: for what moves the cursor, or is a command, on purpose."""
    return stream.guarded if isinstance(stream, Guard) else stream


def commands(stream: TextIO, text: str) -> None:
    """Write workflow commands, whole lines whose values are escaped already."""
    with _refusals(stream):
        unguarded(stream).write(text)


class Guard:
    """A text stream on which nothing can be a command or an escape sequence.

    With *colours* the sequences that set colours pass.
    """

    def __init__(self, guarded: TextIO, *, colours: bool) -> None:
        self.guarded = guarded
        self._colours = colours
        self._line = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.guarded, name)

    def write(self, text: str) -> int:
        """Write *text*, made harmless; the number of characters of *text*."""
        shown = text
        if _SUSPECT.search(text):
            from mlgitops.reports.harmless import disarmed

            shown = disarmed(text, self._line, colours=self._colours)
        self._line = _unfinished(self._line + shown)
        with _refusals(self.guarded):
            self.guarded.write(shown)
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered."""
        with _refusals(self.guarded):
            self.guarded.flush()

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of *lines*."""
        for line in lines:
            self.write(line)


@contextmanager
def _refusals(stream: TextIO) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        forget(stream)
    except OSError as error:
        raise Unwritten(error.strerror or str(error)) from error


def _unfinished(text: str) -> str:
    """As much of the last line of *text* as a command could begin in."""
    line = text.rpartition("\n")[2]
    return f"|{line[-2:]}" if line.strip() else line[:1]
