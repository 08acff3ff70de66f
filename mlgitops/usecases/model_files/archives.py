"""What is packed in a file: members of zip archives, and compressed streams as joblib writes them.

Members are copied out, so that each can be read anywhere, within a `Budget`.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from mlgitops.usecases.model_files.source import MOST_BYTES, Budget, NotPacked, Unreadable

_CHUNK = 1 << 20
_PIECE = 1 << 12
"""As much as is lost before damage: no more than a loader would lose."""

_IN_MEMORY = 16 << 20
_MOST_MEMBERS = 100_000
_DIRECTORY_ENTRY_BYTES = 46
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""How zip archives begin."""

_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What the standard library raises of an archive that is damaged, encrypted or too new."""


class _ZlibFile:
    """The text of a zlib stream, which has no reader in the standard library."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._decompressor = zlib.decompressobj()

    def read(self, count: int) -> bytes:
        while not self._decompressor.eof:
            packed = self._decompressor.unconsumed_tail or self._packed.read(_PIECE)
            if not packed:
                raise EOFError
            if found := self._decompressor.decompress(packed, count):
                return found
        if self._decompressor.unused_data or self._packed.read(1):
            raise EOFError
        return b""


_OPENERS: Mapping[str, tuple[tuple[bytes, ...], Callable[[BinaryIO], object]]] = {
    "gzip": ((b"\x1f\x8b",), lambda packed: gzip.GzipFile(fileobj=packed, mode="rb")),
    "bzip2": ((b"BZh",), bz2.BZ2File),
    "xz": ((b"\xfd7zXZ\x00",), lzma.LZMAFile),
    "lzma": ((b"\x5d\x00",), lzma.LZMAFile),
    "zlib": (tuple(b"\x78" + level for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")), _ZlibFile),
}


def compression(head: bytes) -> str | None:
    """By what a file that begins with *head* seems to be compressed."""
    for name, (beginnings, _) in _OPENERS.items():
        if head.startswith(beginnings):
            return name
    return None


@contextmanager
def decompressed(file: BinaryIO, by: str, budget: Budget) -> Iterator[BinaryIO]:
    """What *file* holds.

    Raises:
        NotPacked: it is damaged from the start on.
        Unreadable: it is damaged, or holds too much.
    """
    file.seek(0)
    _, opener = _OPENERS[by]
    with _copied(lambda: cast("BinaryIO", opener(file)), budget, is_packed=True) as found:
        yield found


def is_zip(file: BinaryIO, head: bytes) -> bool:
    """Whether *file* is a zip archive, or claims to be; also one behind other bytes."""
    return head.startswith(ZIP) or zipfile.is_zipfile(file)


def members(file: BinaryIO, size: int, budget: Budget) -> Iterator[tuple[str, BinaryIO]]:
    """The members of a zip archive: name and content; each is gone with the next.

    Raises:
        Unreadable: the archive is damaged, encrypted or holds too much.
    """
    if size > MOST_BYTES or _directory_bytes(file) > _MOST_MEMBERS * _DIRECTORY_ENTRY_BYTES * 2:
        raise Unreadable("an archive of too many files")
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGES as error:
        raise Unreadable(f"a damaged archive: {error}") from error
    for member in archive.infolist():
        # Not `is_dir`: it fails on a name that is empty, and a folder may hold bytes.
        if member.file_size or not member.filename.endswith("/"):
            is_packed = member.compress_type != zipfile.ZIP_STORED
            opener = _opener(archive, member)
            with _copied(opener, budget, is_packed=is_packed) as found:
                yield member.filename, found


def _opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: cast("BinaryIO", archive.open(member))


def _directory_bytes(file: BinaryIO) -> int:
    """How large the archive says its directory is: the reader believes it."""
    end = file.seek(0, 2)
    file.seek(max(0, end - (1 << 16) - 100))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    told = int.from_bytes(tail[place + 12 : place + 16], "little") if place >= 0 else 0
    large = tail.rfind(b"PK\x06\x06")
    more = int.from_bytes(tail[large + 40 : large + 48], "little") if large >= 0 else 0
    return max(told, more)


@contextmanager
def _copied(
    opener: Callable[[], BinaryIO], budget: Budget, *, is_packed: bool
) -> Iterator[BinaryIO]:
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        try:
            packed = opener()
            while chunk := packed.read(_CHUNK):
                budget.unpack(len(chunk), is_packed=is_packed)
                copy.write(chunk)
        except _DAMAGES as error:
            if not copy.tell():
                raise NotPacked(f"a damaged archive: {error}") from error
            raise Unreadable(f"a damaged archive: {error}") from error
        yield cast("BinaryIO", copy)
