"""How GitHub's runner reads a job's log, written anew from its source.

Source: actions/runner, `ActionCommand.cs` and `ActionCommandManager.cs`. Of a
command the runner asks that its name is registered; here every name is, since a
stop token can be any. Its searches go by culture, in which characters that draw
nothing are skipped.
"""

from __future__ import annotations

import re
import unicodedata

# Default_Ignorable_Code_Point of Unicode, next to all control and format characters.
_IGNORED = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LINE_ENDS = re.compile("\r\n|\r|\n")

PAYLOADS = (
    "::error::x",
    "::set-output name=version::7",
    "::set-env name=PATH::/tmp",
    "::add-path::/tmp",
    "::stop-commands::token",
    "::add-mask::a",
    "::debug::x",
    "::group::x",
    "::save-state name=a::b",
    "::add-matcher::/tmp/matcher.json",
    "::echo::on",
    "  ::error::after spaces",
    "\t::error::after a tab",
    "\u00a0::error::after a no-break space",
    "\u3000::error::after a wide space",
    "\u200b::error::after nothing to see",
    "\ufeff::error::after a mark",
    "\u00ad::error::after a soft hyphen",
    "\ufe0f::error::after a variation selector",
    "\r::error::after a return",
    "\x0b::error::after a vertical tab",
    "\x0c::error::after a form feed",
    "\x85::error::after a next line",
    "\u2028::error::after a line separator",
    "\u2029::error::after a paragraph separator",
    "first\n::error::second",
    "first\r\n::error::second",
    "first\n  ::error::indented like a list",
    ":\n:error::x\n::warning file=a,line=1::y",
    "##[error]x",
    "in the middle ##[set-env name=a]b",
    "#\u200b#[error]split by nothing to see",
    "##\x00[error]split by a null",
    "##[start-action name=x]",
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[1;1Hcleared",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31mC1 red",
    "bell\x07 and back\x08\x08\x08space",
    "over\rwritten",
    "\u202egnp.exe\u202c",
    "\u2066isolated\u2069",
    "\u061cmark\u200e\u200f",
    "tag\U000e0041\U000e0042",
    "%0A::error::percent",
)


def commands(log: bytes) -> list[str]:
    """The lines of *log* that the runner may take for commands."""
    lines = _LINE_ENDS.split(log.decode(errors="replace"))
    return [line for line in lines if _is_command(_drawn(line))]


def unseen(log: bytes) -> set[str]:
    """The characters of *log* that draw nothing or change how the rest is drawn."""
    found = set(log.decode()) - set("\n\t ")
    return {c for c in found if unicodedata.category(c)[0] in "CZ" or _IGNORED.match(c)}


def _is_command(line: str) -> bool:
    told = line.lstrip()
    if told.startswith("::") and "::" in told[2:]:
        return True
    _, is_marked, rest = line.partition("##[")
    return bool(is_marked) and "]" in rest


def _drawn(line: str) -> str:
    """*line* without what a comparison by culture skips; white space stays."""
    return "".join(
        c
        for c in _IGNORED.sub("", line)
        if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf")
    )
