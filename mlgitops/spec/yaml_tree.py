"""Reads a strict subset of YAML 1.2 into plain values with exact places.

Built straight from the parser's events: aliases are refused before anything is
expanded, and limits hold before anything is built. Only mappings with text
keys, sequences and core-schema scalars exist here; whatever else YAML offers
lets a file say something other than what its reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from mlgitops.spec.yaml_places import Places

Path = tuple[str | int, ...]

_UNENCODABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Tree:
    """A file's value, and where each part of it stands.

    `spans["spec", "gates", 0]` is the place of a value, `keys[...]` that of its
    key. The span of an empty value is empty, just behind the colon.
    """

    file: str
    text: str
    value: dict[str, Any]

    @property
    def spans(self) -> Mapping[Path, Span]:
        """The places of values, by path."""
        return self._places.values

    @property
    def keys(self) -> Mapping[Path, Span]:
        """The places of keys, by the path of what they hold."""
        return self._places.keys

    @cached_property
    def _places(self) -> Places:
        # Found when they are asked for: most files are right, and nobody asks.
        from mlgitops.spec.yaml_places import places

        return places(self.text, self.file)


def parse(text: str, file: str) -> Tree:
    """Read *text*; *file* only labels the spans.

    Raises:
        SpecError: all that is wrong with the text, as far as it can be read on.
    """
    problems = Problems()
    value = None
    try:
        if yaml_events.is_readable(text, file, problems):
            events = yaml_events.read(text, file, problems)
            if events is not None:
                value = _Builder(file, events, problems).value()
    except TooManyProblems:
        pass  # the list is long enough as it is
    if problems.found or value is None:
        raise refusal(problems.found)
    return Tree(file, text, value)


class _Builder:
    """Turns events into values; notes what is refused and reads on.

    Events are Any: the stubs have no C parser, and marks that may be None.
    """

    def __init__(self, file: str, events: list[Any], problems: Problems) -> None:
        self._file = file
        self._next = iter(events).__next__
        self._problems = problems

    def value(self) -> dict[str, Any]:
        self._next()  # the stream begins
        self._next()  # the document begins
        root = self._next()
        value = self._node(root)
        if isinstance(value, dict):
            return value
        if value is None and not self._problems.found:
            yaml_events.refuse_empty(self._file, self._problems)
        else:
            found = f"a spec is a mapping, found {shown(value)}"
            self._refuse("SPEC112", found, root, "begin with `apiVersion: mlgitops.dev/v1`")
        return {}

    def _node(self, event: Any) -> Any:
        """The value that *event* begins."""
        if isinstance(event, AliasEvent):
            self._refuse(
                "SPEC107",
                f"a spec has no aliases, found *{str(event.anchor)[:60]}",
                event,
                "write the value out",
            )
            return None
        if event.anchor is not None or event.tag is not None:
            self._refuse_markup(event)
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        return self._mapping() if isinstance(event, MappingStartEvent) else self._sequence()

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

    def _sequence(self) -> list[Any]:
        items: list[Any] = []
        while not isinstance(item := self._next(), SequenceEndEvent):
            items.append(self._node(item))
        return items

    def _mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        marks: dict[str, Any] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, marks)
            value = self._node(self._next())
            found.setdefault(key, value)
        return found

    def _key(self, event: Any, marks: dict[str, Any]) -> str:
        """The text of a key; *marks* has where those before it begin, and gains its own."""
        if not isinstance(event, ScalarEvent):
            self._refuse("SPEC113", "a key is text", event, "write the key as text")
            self._node(event)  # reads past it
            return ""
        if event.anchor is not None or event.tag is not None:
            self._refuse_markup(event)
        key = self._scalar(event)
        if not isinstance(key, str):
            hint = "put it in quotes"
            if isinstance(key, int) and not isinstance(key, bool):  # as of `{min: 0,68}`
                hint = "put it in quotes; for a number such as `0,68` write `0.68`"
            self._refuse("SPEC113", "a key is text", event, hint)
            return ""
        if key == "<<" and event.implicit[0]:
            self._refuse("SPEC108", "a spec has no merge keys", event, "write the keys out")
        elif key in marks:
            hint = f"the first one is on line {marks[key].line + 1}; keep one"
            self._refuse("SPEC102", f"the key {shown(key)} appears twice", event, hint)
        marks.setdefault(key, event.start_mark)
        return key

    def _refuse(self, code: str, message: str, event: Any, hint: str) -> None:
        place = span_of(self._file, event.start_mark, event.end_mark)
        self._problems.add(code, message, place, hint)
