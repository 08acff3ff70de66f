"""Reads the parser's events of one file within limits, before anything is built of them."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    NodeEvent,
    StreamEndEvent,
)

from mlgitops.model.source import Diagnostic, Span
from mlgitops.spec.problems import Problems

LARGEST_BYTES = 1 << 20
DEEPEST = 32
# What can be read in well under 100 ms, and many times what people write.
MOST_NODES = 10_000

# PyYAML may be built without libyaml: the same events, more slowly.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Possessive: it never goes back, so that a million empty lines cost no memory.
_DIRECTIVE = re.compile(r"(?:[ \t]*+(?:#[^\n]*+)?+\r?+\n)*+%")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, among them the line break U+0085
    "\u2028\u2029"  # line breaks to YAML 1.1 and to nobody else
    "\u202a-\u202e\u2066-\u2069"  # reorder what a reviewer sees
    "\ufeff\ufffe\uffff\ud800-\udfff]"  # byte order marks, no characters
    "|\r(?!\n)"
)
_SYNTAX_HINTS = (
    ("mapping values are not allowed", 'check the indentation; text that holds ": " needs quotes'),
    ("tab", "indent with spaces"),
    ("cannot start any token", "put text that begins with this character in quotes"),
    ("did not find expected key", "check the indentation of this line and the one above"),
    ("could not find expected ':'", "write `key: value`, with a space after the colon"),
    ("while scanning a tag", "put text that begins with `!` in quotes"),
    ("while scanning a quoted scalar", "close the quotes"),
    ("while parsing a flow", "close the bracket, or add the missing comma"),
)


def is_readable(text: str, file: str, problems: Problems) -> bool:
    """Whether the parser may see *text*: small, printable, without directives."""
    # A character is at least one byte, so that a long text is refused without encoding it.
    if len(text) > LARGEST_BYTES or len(text.encode(errors="replace")) > LARGEST_BYTES:
        problems.add("SPEC104", "the file is larger than 1 MiB", Span(file, 1, 1, 0, 0), "split it")
        return False
    for match in _FORBIDDEN.finditer(text):
        code_point = f"U+{ord(match[0]):04X}"
        problems.add(
            "SPEC103",
            f"the character {code_point} may not stand in a spec",
            _span_at(text, file, match.start(), match.end()),
            "save as UTF-8 without a byte order mark; in text, write it as an escape in quotes",
        )
    directive = _DIRECTIVE.match(text)
    if directive is not None:
        place = _span_at(text, file, directive.end() - 1, directive.end())
        problems.add("SPEC115", "a spec has no YAML directives", place, "remove the line")
    return not problems.found


def read(text: str, file: str, problems: Problems) -> list[Any] | None:
    """The events of the only document, or None when it breaks a limit or the syntax."""
    events: list[Any] = []
    event: Any
    depth = nodes = 0
    try:
        parser = _Parser(text)
        while True:
            event = parser.get_event()
            events.append(event)
            if isinstance(event, NodeEvent):
                nodes += 1
                depth += isinstance(event, CollectionStartEvent)
                if depth > DEEPEST or nodes > MOST_NODES:
                    _refuse_size(event, depth, file, problems)
                    return None
            elif isinstance(event, CollectionEndEvent):
                depth -= 1
            elif isinstance(event, DocumentEndEvent):
                # Not asked for more: a second document's directives cost quadratic time.
                _refuse_more_documents(text, file, event, problems)
                return events
            elif isinstance(event, StreamEndEvent):
                refuse_empty(file, problems)
                return None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The pure Python scanner lets chr() refuse an escape beyond Unicode by itself.
        problems.found.append(_syntax_error(error, text, file))
        return None


def _refuse_size(event: Any, depth: int, file: str, problems: Problems) -> None:
    place = span_of(file, event.start_mark, event.end_mark)
    if depth > DEEPEST:
        problems.add("SPEC105", f"values are nested more than {DEEPEST} deep", place, "flatten it")
    else:
        problems.add(
            "SPEC106", f"the file holds more than {MOST_NODES:,} values", place, "split it"
        )


def refuse_empty(file: str, problems: Problems) -> None:
    """Note that *file* says nothing: no document, or one that is null."""
    place = Span(file, 1, 1, 0, 0)
    problems.add("SPEC111", "the file is empty", place, "write a spec, or delete the file")


def _refuse_more_documents(text: str, file: str, event: Any, problems: Problems) -> None:
    offset = event.end_mark.index
    # Line by line: a pattern over all of it would take quadratic time on spaces.
    for line in text[offset:].splitlines(keepends=True):
        content = line.strip()
        if content and content != "..." and not content.startswith("#"):
            start = offset + line.index(content)
            place = _span_at(text, file, start, start + len(content))
            problems.add("SPEC110", "a file holds one document", place, "one file for each spec")
            return
        offset += len(line)


def _syntax_error(error: Exception, text: str, file: str) -> Diagnostic:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    context = getattr(error, "context", None)
    message = f"{problem} {context}" if context else str(problem)
    start = _place_of(error, text)
    place = _span_at(text, file, start, min(start + 1, len(text)))
    hint = next((hint for part, hint in _SYNTAX_HINTS if part in message), None)
    if text[start : start + 1] == "\t":
        hint = "indent with spaces"
    return Diagnostic("SPEC101", message, place, hint)


def _place_of(error: Exception, text: str) -> int:
    """Where the parser stumbled or, where it ran out of text, what it was reading then."""
    begun, stumbled = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    mark = stumbled or begun
    if begun is not None and stumbled is not None and not text[stumbled.index :].strip():
        mark = begun
    return min(mark.index, len(text)) if mark is not None else 0


def span_of(file: str, start: Any, end: Any) -> Span:
    """The stretch between two of the parser's marks."""
    return Span(file, start.line + 1, start.column + 1, start.index, end.index)


def _span_at(text: str, file: str, start: int, end: int) -> Span:
    line = text.count("\n", 0, start) + 1
    return Span(file, line, start - text.rfind("\n", 0, start), start, end)
