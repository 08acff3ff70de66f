"""Bytes of a file that may be hostile, read within limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

MOST_BYTES = 1 << 30
MOST_UNPACKED_BYTES = 200_000_000
MOST_OPCODES = 10_000_000
DEEPEST = 4
"""Archives within archives."""

_LONGEST_VALUE = 1 << 28


class Unreadable(Exception):
    """A file, or what may be a pickle in it, cannot be read to its end."""


class NotPacked(Unreadable):
    """Nothing comes out of what seemed to be a compressed file."""


class TooLarge(Unreadable):
    """A limit of ours is reached: a loader without it could read on."""


@dataclass(slots=True)
class Budget:
    """What may still be spent on a model's folder, so that no file is a bomb."""

    unpacked: int = MOST_UNPACKED_BYTES
    copied: int = MOST_BYTES
    opcodes: int = MOST_OPCODES

    def unpack(self, count: int, *, is_packed: bool) -> None:
        """Account for bytes that were in an archive, packed or as they are.

        Raises:
            TooLarge: there are too many.
        """
        self.copied -= count
        self.unpacked -= count * is_packed
        if self.unpacked < 0 or self.copied < 0:
            raise TooLarge("too many bytes are packed in it")

    def step(self) -> None:
        """Account for one opcode.

        Raises:
            TooLarge: there are too many.
        """
        self.opcodes -= 1
        if self.opcodes < 0:
            raise TooLarge("too many opcodes")


class Source:
    """The bytes of *stream* from *place* on; *size* is where they end.

    Every read yields exactly what was asked for, or raises `Unreadable`: no length
    that a file claims is believed.
    """

    def __init__(self, stream: BinaryIO, size: int, place: int = 0) -> None:
        self._stream = stream
        self._size = size
        self.place = place
        stream.seek(place)

    @property
    def is_at_end(self) -> bool:
        """Whether nothing is left."""
        return self.place >= self._size

    def read(self, count: int) -> bytes:
        """The next *count* bytes."""
        self._pass(count)
        if count > _LONGEST_VALUE:
            raise TooLarge("one of its values is too large")
        return self._stream.read(count)

    def skip(self, count: int) -> None:
        """Leave out *count* bytes."""
        self._pass(count)
        self._stream.seek(self.place)

    def readline(self) -> bytes:
        """The next line, its end included."""
        line = self._stream.readline(_LONGEST_VALUE)
        self._pass(len(line))
        if not line.endswith(b"\n"):
            raise Unreadable("it ends too early") if self.is_at_end else TooLarge("a line")
        return line

    def _pass(self, count: int) -> None:
        if not 0 <= count <= self._size - self.place:
            raise Unreadable("it ends too early")
        self.place += count
        if self.place > MOST_BYTES:
            raise TooLarge("it is too large")
