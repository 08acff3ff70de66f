"""Makes text from data harmless before it is shown.

Names of columns, slices and models, and messages that hold them, are written by
whoever made the data. They must not become links, images, HTML, mentions or
references on a forge, nor hide or reorder what a reviewer reads.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import count

_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_LONGEST = 120
_LONGEST_PROSE = 600
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that draw nothing, by which text can be hidden in plain sight.
BLANKS = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"\s+")
_BACKTICKS = re.compile("`+")
_QUOTED = re.compile("(?<!`)`([^`]+)`(?!`)")
# Words that no Markdown dialect can read as anything else: letters with inner
# hyphens or apostrophes, numbers, and a few signs. All other words become code.
_PLAIN_WORD = re.compile(
    r"(?P<before>[(\[]*)"
    r"(?P<core>[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*|[-+\u2212]?v?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?%?"
    r"|[\u00b1\u00b7\u2013\u2014\u2026\u2190-\u2193\u2264\u2265\u0394])?"
    r"(?P<after>[)\].,;:!?]*)"
)
_BEFORE, _AFTER = "([", ")].,;:!?"
_LIST_NUMBER = re.compile(r"\A(\d+)([.)])(?!\S)")
# A forge links hexadecimal words that begin a commit's id.
_COMMIT = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)


def visible(value: object, longest: int = _LONGEST) -> str:
    """*value* on one line, without characters that are not seen; cut at *longest*."""
    text = _SPACES.sub(" ", str(value)[: 4 * longest])
    text = "".join(c for c in text if unicodedata.category(c) not in _UNSEEN)
    text = _SPACES.sub(" ", BLANKS.sub("", text)).strip()
    return text if len(text) <= longest else text[: longest - 1] + _ELLIPSIS


def code(value: object, *, cell: bool = True) -> str:
    """*value* as a Markdown code span; *cell* escapes pipes, for use in a table."""
    text = visible(value)
    if not text:
        return "(blank)"
    runs = {len(run) for run in _BACKTICKS.findall(text)}
    fence = "`" * next(length for length in count(1) if length not in runs)
    if text.startswith("`") or text.endswith("`"):
        text = f" {text} "
    if cell:
        text = text.replace("|", r"\|")
    return f"{fence}{text}{fence}"


def prose(text: object, *, cell: bool = True) -> str:
    """A sentence as Markdown in which only plain words stand outside code spans."""
    written = ""
    for part, is_code in spans(text):
        piece = code(part, cell=cell) if is_code else _words(part, cell=cell)
        # Backticks that meet would be read as one longer fence.
        between = " " if written.endswith("`") and piece.startswith("`") else ""
        written += between + piece
    return _LIST_NUMBER.sub(r"\1\\\2", written.strip())


def spans(text: object) -> list[tuple[str, bool]]:
    """The visible parts of a sentence, each with whether it stood in backticks."""
    parts = _QUOTED.split(visible(text, _LONGEST_PROSE))
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


def _words(part: str, *, cell: bool) -> str:
    """*part* keeps its spaces, since code spans may stand on either side."""
    return " ".join(_word(word, cell=cell) if word else "" for word in part.split(" "))


def _word(word: str, *, cell: bool) -> str:
    match = _PLAIN_WORD.fullmatch(word)
    if match and not _COMMIT.fullmatch(match["core"] or ""):
        return _brackets(match["before"]) + (match["core"] or "") + _brackets(match["after"])
    core = word.lstrip(_BEFORE).rstrip(_AFTER)
    start = word.index(core)
    before, after = _brackets(word[:start]), _brackets(word[start + len(core) :])
    return before + code(core, cell=cell) + after


def _brackets(signs: str) -> str:
    return signs.replace("[", r"\[").replace("]", r"\]")
