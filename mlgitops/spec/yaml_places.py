"""Where each part of a file stands, read from its text a second time.

Only for somebody who asks: a file that is right is read without keeping its places,
which would take as long as reading it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yaml.events import MappingEndEvent, MappingStartEvent, SequenceEndEvent, SequenceStartEvent

from mlgitops.model.source import Span
from mlgitops.spec import yaml_events
from mlgitops.spec.problems import Problems
from mlgitops.spec.yaml_events import span_of

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The place of every value, and of the key that holds it, by path."""

    values: Mapping[Path, Span]
    keys: Mapping[Path, Span]


def places(text: str, file: str) -> Places:
    """The places in *text*, which `yaml_tree.parse` has found right.

    Raises:
        ValueError: it is not.
    """
    events = yaml_events.read(text, file, Problems())
    if events is None:
        raise ValueError(f"{file} has no places: it cannot be read")
    return _Walk(file, events).places()


class _Walk:
    """Walks the events as the tree's builder does, in the same order of the same paths."""

    def __init__(self, file: str, events: list[Any]) -> None:
        self._file = file
        self._next = iter(events).__next__
        self._values: dict[Path, Span] = {}
        self._keys: dict[Path, Span] = {}

    def places(self) -> Places:
        self._next()  # the stream begins
        self._next()  # the document begins
        self._node(self._next(), ())
        return Places(self._values, self._keys)

    def _node(self, event: Any, path: Path) -> Any:
        """Note the value that *event* begins; the mark where it ends."""
        end = event.end_mark
        if isinstance(event, MappingStartEvent):
            end = self._mapping(event, path)
        elif isinstance(event, SequenceStartEvent):
            end = self._sequence(event, path)
        self._values[path] = span_of(self._file, event.start_mark, end)
        return end

    def _mapping(self, event: Any, path: Path) -> Any:
        end = event.end_mark
        while not isinstance(key := self._next(), MappingEndEvent):
            below = (*path, key.value)
            self._keys[below] = span_of(self._file, key.start_mark, key.end_mark)
            end = self._node(self._next(), below)
        # A block ends where the next token begins, comments and all; its last value is nearer.
        return key.end_mark if event.flow_style else end

    def _sequence(self, event: Any, path: Path) -> Any:
        end, index = event.end_mark, 0
        while not isinstance(item := self._next(), SequenceEndEvent):
            end = self._node(item, (*path, index))
            index += 1
        return item.end_mark if event.flow_style else end
