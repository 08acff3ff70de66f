"""Reads a strict subset of YAML 1.2 into plain values with exact places.

Built straight from the parser's events: aliases are refused before anything is
expanded, and limits hold before anything is built. Only mappings with text
keys, sequences and core-schema scalars exist here; whatever else YAML offers
lets a file say something other than what its reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from mlgitops.model.source import Span
from mlgitops.spec import yaml_events
from mlgitops.spec.problems import Problems, TooManyProblems, refusal, shown
from mlgitops.spec.scalars import plain
from mlgitops.spec.yaml_events import span_of

Path = tuple[str | int, ...]

_UNENCODABLE = re.compile("[\x00\ud800-\udfff]")


class Places(Mapping[Path, Span]):
    """Spans by path, made when they are asked for: most never are."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.marks: dict[Path, tuple[Any, Any]] = {}

    def __getitem__(self, path: Path) -> Span:
        start, end = self.marks[path]
        return span_of(self._file, start, end)

    def __iter__(self) -> Iterator[Path]:
        return iter(self.marks)

    def __len__(self) -> int:
        return len(self.marks)


@dataclass(frozen=True, slots=True)
class Tree:
    """A file's value, and where each part of it stands.

    `spans["spec", "gates", 0]` is the place of a value, `keys[...]` that of its
    key. The span of an empty value is empty, just behind the colon.
    """

    file: str
    value: dict[str, Any]
    spans: Mapping[Path, Span]
    keys: Mapping[Path, Span]


def parse(text: str, file: str) -> Tree:
    """Read *text*; *file* only labels the spans.

    Raises:
        SpecError: all that is wrong with the text, as far as it can be read on.
    """
    problems = Problems()
    tree = None
    try:
        if yaml_events.is_readable(text, file, problems):
            events = yaml_events.read(text, file, problems)
            if events is not None:
                tree = _Builder(file, events, problems).tree()
    except TooManyProblems:
        pass  # the list is long enough as it is
    if problems.found or tree is None:
        raise refusal(problems.found)
    return tree


class _Builder:
    """Turns events into values; notes what is refused and reads on.

    Events are Any: the stubs have no C parser, and marks that may be None.
    """

    def __init__(self, file: str, events: list[Any], problems: Problems) -> None:
        self._file = file
        self._next = iter(events).__next__
        self._problems = problems
        self._spans = Places(file)
        self._keys = Places(file)

    def tree(self) -> Tree:
        self._next()  # the stream begins
        self._next()  # the document begins
        root = self._next()
        value, _ = self._node(root, ())
        if value is None and not self._problems.found:
            yaml_events.refuse_empty(self._file, self._problems)
        elif not isinstance(value, dict):
            found = f"a spec is a mapping, found {shown(value)}"
            self._refuse("SPEC112", found, root, "begin with `apiVersion: mlgitops.dev/v1`")
            value = {}
        return Tree(self._file, value or {}, self._spans, self._keys)

    def _node(self, event: Any, path: Path) -> tuple[Any, Any]:
        """The value that *event* begins, and where it ends."""
        value: Any = None
        end = event.end_mark
        if isinstance(event, AliasEvent):
            self._refuse(
                "SPEC107",
                f"a spec has no aliases, found *{str(event.anchor)[:60]}",
                event,
                "write the value out",
            )
        else:
            self._refuse_markup(event)
            if isinstance(event, ScalarEvent):
                value = self._scalar(event)
            elif isinstance(event, MappingStartEvent):
                value, end = self._mapping(event, path)
            else:
                value, end = self._sequence(event, path)
        self._spans.marks[path] = (event.start_mark, end)
        return value, end

    def _refuse_markup(self, event: Any) -> None:
        if event.anchor is not None:
            self._refuse(
                "SPEC107",
                f"a spec has no anchors, found &{str(event.anchor)[:60]}",
                event,
                "remove it",
            )
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            # An expression such as `!has(ext.a)` would be its opposite without it.
            is_ours = tag.startswith("!") and not tag.startswith("!!")
            hint = "put it in quotes if it is text; else remove it" if is_ours else "remove it"
            self._refuse("SPEC109", f"a spec has no tags, found {shown(tag)}", event, hint)

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.implicit[0]:
            try:
                return plain(text)
            except ValueError as error:
                hint = "write it another way, or put it in quotes if it is text"
                self._refuse("SPEC114", f"{text[:60]}: {error}", event, hint)
        elif _UNENCODABLE.search(text):
            self._refuse("SPEC103", "an escape that is no character", event, "remove it")
        return text

    def _sequence(self, event: Any, path: Path) -> tuple[list[Any], Any]:
        items: list[Any] = []
        end = event.end_mark
        while not isinstance(item := self._next(), SequenceEndEvent):
            value, end = self._node(item, (*path, len(items)))
            items.append(value)
        return items, item.end_mark if event.flow_style else end

    def _mapping(self, event: Any, path: Path) -> tuple[dict[str, Any], Any]:
        found: dict[str, Any] = {}
        end = event.end_mark
        while not isinstance(key_event := self._next(), MappingEndEvent):
            key = self._key(key_event, found, path)
            below = (*path, key)
            if key not in found:
                self._keys.marks[below] = (key_event.start_mark, key_event.end_mark)
            value, end = self._node(self._next(), below)
            found.setdefault(key, value)
        # A block ends where the next token begins, comments and all; its last value is nearer.
        return found, key_event.end_mark if event.flow_style else end

    def _key(self, event: Any, found: dict[str, Any], path: Path) -> str:
        if not isinstance(event, ScalarEvent):
            self._refuse("SPEC113", "a key is text", event, "write the key as text")
            self._node(event, path)  # reads past it
            return ""
        self._refuse_markup(event)
        key = self._scalar(event)
        if not isinstance(key, str):
            self._refuse("SPEC113", "a key is text", event, "put it in quotes")
            return ""
        if key == "<<" and event.implicit[0]:
            self._refuse("SPEC108", "a spec has no merge keys", event, "write the keys out")
        elif key in found:
            first = self._keys[*path, key]
            hint = f"the first one is on line {first.line}; keep one"
            self._refuse("SPEC102", f"the key {shown(key)} appears twice", event, hint)
        return key

    def _refuse(self, code: str, message: str, event: Any, hint: str) -> None:
        place = span_of(self._file, event.start_mark, event.end_mark)
        self._problems.add(code, message, place, hint)
