r"""Makes text from elsewhere harmless on a terminal and in a job's log.

Names, messages and logs come from user code, data, git and registries. None of
it may move the cursor, hide or reorder what a person reads, nor be taken for a
command by the runner that reads the log. To GitHub's a line is a command when it
begins with `::` after white space, or holds `##[` anywhere; a carriage return
ends a line, too, and characters that draw nothing are skipped in the comparison.
Source: actions/runner, `ActionCommand.cs`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mlgitops.reports.escaping import BLANKS

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
# What would begin a command; a lone colon may be the first half of one.
_COMMAND = re.compile(r"^([ \t]*)(?=::|:\Z)", re.MULTILINE)
_OLD_COMMAND = "##["
# In our messages a list stands below the sentence, indented.
_LIST = re.compile(r"\n(?=  )")
_GUARD = "| "


def printable(text: str, *, keep: str = "\t") -> str:
    r"""*text* with an escape such as `\x1b` for all that is not seen, but *keep*."""
    if text.isprintable() and not BLANKS.search(text):
        return text
    return "".join(
        c if " " <= c <= "~" or c in keep or (c.isprintable() and not BLANKS.match(c))
        else _escape(c)
        for c in text
    )  # fmt: skip


def message(text: str) -> str:
    r"""An error's message: a sentence on one line, and below it a list if it has one.

    Every line of the list begins with a bar, so that it cannot be taken for ours.
    """
    sentence, *items = _LIST.split(text)
    return "\n".join([printable(sentence), *(_GUARD + printable(item[2:]) for item in items)])


def quoted(text: str) -> str:
    """A log or a traceback as it is, behind a bar; without line end."""
    return "\n".join(_GUARD + printable(line) for line in text.rstrip("\n").split("\n"))


def log_text(content: bytes, most: int) -> bytes:
    r"""What a job printed as a text file of at most *most* bytes, whose end is kept.

    A carriage return, by which bars of progress draw over themselves, ends a line.
    """
    text = content.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    shown = disarmed(text).encode()
    return shown if len(shown) <= most else shown[-most:].partition(b"\n")[2]


def disarmed(text: str, before: str = "", *, colours: bool = False) -> str:
    r"""*text*, which may have many lines, with a backslash in whatever begins a command.

    *before* is the unfinished line that *text* goes on. With *colours* the
    sequences that only set colours stay.
    """
    parts = _COLOUR.split(text) if colours else [text]
    seen = "".join(part if index % 2 else _lines(part) for index, part in enumerate(parts))
    whole = _COMMAND.sub(r"\1\\", before + seen)
    return whole.replace(_OLD_COMMAND, r"##\[")[len(before) :]


def command_value(text: str) -> str:
    """*text* for a value of a workflow command: the runner shows its lines in the log."""
    return printable(text, keep="\r\n\t").replace(_OLD_COMMAND, r"##\[")


def json_text(document: Mapping[str, Any]) -> str:
    """*document* as indented JSON in ASCII, which reads back as it was."""
    text = json.dumps(document, indent=2, allow_nan=False)
    # Both only occur within strings, where JSON has another way to write them.
    return text.replace(_OLD_COMMAND, r"##\u005b").replace("\x7f", r"\u007f") + "\n"


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
