"""Reads the files of a model's folder without loading any: formats, imports, what is unreadable.

Every file is tried as a pickle, whatever its name, since the old protocols have no
mark: one that imports anything before it breaks off is refused, as a loader would
import that, too. Where two loaders would read a file in two ways, both ways count.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from mlgitops.model.errors import SpecError
from mlgitops.spec import yaml_tree
from mlgitops.usecases.model_files import archives, kinds
from mlgitops.usecases.model_files.arrays import WRAPPERS
from mlgitops.usecases.model_files.pickles import Imports, follow
from mlgitops.usecases.model_files.source import (
    DEEPEST,
    Budget,
    NotPacked,
    Source,
    TooLarge,
    Unreadable,
)

_HEAD = 1 << 16
_DESCRIPTION = "MLmodel"
_SKOPS = "schema.json"
_NUMPY_BEGIN = 12
_LONGEST_HEADER = 10_000
"""Of a numpy file; numpy's own limit."""

_NUMBERS = re.compile(r"[<>|=]?[biufcSUmM][0-9]+(\[[^\[\]]*\])?")


@dataclass(slots=True)
class Found:
    """What is in a folder; *unreadable* are paths."""

    formats: set[str] = field(default_factory=set)
    imports: Imports = field(default_factory=Imports)
    unreadable: set[str] = field(default_factory=set)


def read_folder(folder: Path, paths: Sequence[str]) -> Found:
    """What the files at *paths*, relative to *folder*, are and would import."""
    found, budget = Found(), Budget()
    described = [path for path in paths if PurePosixPath(path).name == _DESCRIPTION]
    texts = [text for path in described for text in _texts(folder / path)]
    for path in paths:
        # A text whose name stands in a description may be what a flavour loads.
        name = PurePosixPath(path).name
        is_loaded = any(text is None or name in text for text in texts)
        with (folder / path).open("rb") as file:
            try:
                _Reader(found, budget, is_loaded=is_loaded).read(file, path)
            except Unreadable:
                found.unreadable.add(path)
    return found


class _Reader:
    """Reads one file, and what is packed in it."""

    def __init__(self, found: Found, budget: Budget, *, is_loaded: bool) -> None:
        self._found = found
        self._budget = budget
        self._is_loaded = is_loaded

    def read(self, file: BinaryIO, name: str, depth: int = 0) -> None:
        """Add what *file*, called *name*, is and imports.

        Raises:
            Unreadable: it might import more than was found.
        """
        if depth > DEEPEST:
            raise Unreadable("archives within archives")
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(_HEAD)
        if kinds.is_foreign_archive(head):
            self._found.formats.add("other")
            raise Unreadable("packed in a way that is not read here")
        is_archive = self._read_packed(file, head, name, depth)
        if head.startswith(archives.ZIP):
            return  # Its first opcode would be one that no loader of plain pickles takes.
        self._read_pickle(file, size, head, name, is_archive=is_archive)

    def _read_packed(self, file: BinaryIO, head: bytes, name: str, depth: int) -> bool:
        """Whether others are packed in *file*; they are read."""
        if archives.is_zip(file, head):
            self._read_zip(file, depth)
            return True
        by = archives.compression(head)
        if by is None:
            return False
        with ExitStack() as opened:
            try:
                inner = opened.enter_context(archives.decompressed(file, by, self._budget))
            except NotPacked:
                # Two bytes are a weak mark: any other file may begin so.
                if by in ("zlib", "lzma") and not kinds.is_named_pickle(name):
                    return False
                raise
            inner_name = name.removesuffix(PurePosixPath(name).suffix)
            self.read(inner, name if kinds.is_named_pickle(name) else inner_name, depth + 1)
            self._found.formats.add(by)
        return True

    def _read_zip(self, file: BinaryIO, depth: int) -> None:
        formats = self._found.formats
        formats.add("zip")
        for name, inner in archives.members(file, file.seek(0, 2), self._budget):
            if name == _SKOPS:
                formats.add("skops")
                self._read_skops(inner)
            self.read(inner, name, depth + 1)

    def _read_skops(self, schema: BinaryIO) -> None:
        """Add what skops would import, which it names in JSON."""
        schema.seek(0)
        try:
            for node in _values(json.loads(schema.read())):
                if not isinstance(node, dict):
                    continue
                for module, name in (("__module__", "__class__"), ("module_path", "function")):
                    if module in node or name in node:
                        self._found.imports.add(str(node.get(module)), str(node.get(name)))
        except (ValueError, RecursionError) as error:
            raise Unreadable("a description that is no JSON") from error

    def _read_pickle(
        self, file: BinaryIO, size: int, head: bytes, name: str, *, is_archive: bool
    ) -> None:
        start = _objects_start(head)
        imports = Imports()
        is_whole, is_loadable = self._follow(file, size, start, imports)
        is_marked = start > 0 or kinds.begins_as_pickle(head)
        is_marked |= kinds.is_named_pickle(name) and not is_archive
        is_plain = kinds.is_plain_name(name)
        # A text's first line may look like an import: only what a loader gets to, or gets
        # something out of, counts.
        would_import = imports.names and (self._is_loaded or is_loadable) if is_plain else imports
        is_pickle = is_whole and (is_marked or imports.names or not is_plain)
        if not (is_pickle or is_marked or would_import):
            if not is_archive:
                self._found.formats.add(kinds.kind(name, head, size))
            return
        self._found.formats.add("pickle")
        self._found.imports.names |= imports.names
        if not is_whole:
            raise Unreadable("a pickle that breaks off")

    def _follow(self, file: BinaryIO, size: int, start: int, imports: Imports) -> tuple[bool, bool]:
        """Whether nothing but pickles is in *file* from *start* on, and whether one is.

        *imports* gets theirs. joblib passes over bytes that any other loader follows, so a
        file that it might load is followed in both ways, and has to be whole as joblib reads it.
        """
        plain = Source(file, size, start)
        is_whole, is_loadable = _follow_all(plain, self._budget, imports, arrays=False)
        if WRAPPERS.isdisjoint(name.rpartition(".")[2] for name in imports.names):
            return is_whole, is_loadable
        packed = Source(file, size, start)
        is_whole, is_packed = _follow_all(packed, self._budget, imports, arrays=True)
        return is_whole, is_loadable or is_packed


def _follow_all(
    source: Source, budget: Budget, imports: Imports, *, arrays: bool
) -> tuple[bool, bool]:
    """Whether *source* is pickles up to its end, and whether there is one at all."""
    pickles = 0
    try:
        while not source.is_at_end:
            follow(source, budget, imports, arrays=arrays)
            pickles += 1
    except TooLarge:
        raise
    except Unreadable:
        return False, pickles > 0
    return pickles > 0, pickles > 0


def _objects_start(head: bytes) -> int:
    """Where the pickle of a numpy file of objects begins; 0 if it is none."""
    if not head.startswith(b"\x93NUMPY") or len(head) < _NUMPY_BEGIN:
        return 0
    width = 2 if head[6] == 1 else 4
    begin = 8 + width
    end = begin + int.from_bytes(head[8:begin], "little")
    return 0 if _is_of_numbers(head[begin:end], end - begin) else end


def _is_of_numbers(header: bytes, length: int) -> bool:
    """Whether numpy would load no pickle behind *header*, which is to have *length* bytes.

    Records count as objects, and so does what numpy itself would refuse.
    """
    if not len(header) == length <= _LONGEST_HEADER:
        return False
    try:
        with warnings.catch_warnings():
            # Of escapes in texts that mean nothing.
            warnings.simplefilter("ignore")
            # As numpy reads it: of two equal keys the last counts.
            described = ast.literal_eval(header.decode("latin-1"))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    kind = described.get("descr") if isinstance(described, dict) else None
    return isinstance(kind, str) and _NUMBERS.fullmatch(kind) is not None


def _texts(description: Path) -> Iterator[str | None]:
    """The texts in a model's description; None, too, where more may be said than is read."""
    try:
        text = description.read_text(encoding="utf-8")
        tree = yaml_tree.parse(text, _DESCRIPTION).value
    except (UnicodeDecodeError, SpecError):
        yield None
        return
    for value in _values(tree):
        if isinstance(value, str):
            yield value


def _values(document: Any) -> Iterator[Any]:
    """Every value and key of a JSON or YAML document."""
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting += (*value, *value.values())
        elif isinstance(value, list):
            waiting += value
