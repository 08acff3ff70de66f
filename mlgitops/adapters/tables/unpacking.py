"""A CSV file's bytes, unpacked, with an end to every bomb.

What is packed is told by the first bytes, never by the name. Nothing is unpacked
to disk, so names inside an archive cannot lead anywhere.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import IO

from mlgitops.adapters.tables.column_types import not_utf8
from mlgitops.adapters.tables.source_files import SourceFile
from mlgitops.model.errors import SpecError

MAX_BYTES = 20 << 30
_CHUNK_BYTES = 1 << 20
_MAX_RATIO = 1000
# Below this nothing can hurt, and small constant files do pack a thousandfold.
_RATIO_COUNTS_FROM_BYTES = 64 << 20
_ZIP, _GZIP, _PARQUET = b"PK\x03\x04", b"\x1f\x8b", b"PAR1"
_EMPTY_ZIP = b"PK\x05\x06"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def unpacked(file: SourceFile) -> bytearray:
    """The text of *file*, plain, gzipped or the only member of a zip archive.

    Raises:
        SpecError: it cannot be read, is no text, or unpacks to too much.
    """
    try:
        with Path(file.path).open("rb") as raw:
            start = raw.read(4)
            raw.seek(0)
            _refuse_other_formats(start, file.name)
            if start == _ZIP:
                with zipfile.ZipFile(raw) as archive, _member(archive, file.name) as stream:
                    return _read(stream, MAX_BYTES, file.name)
            if start.startswith(_GZIP):
                with gzip.open(raw) as packed:
                    return _read(packed, _limit(file.stamp[0]), file.name)
            return _read(raw, MAX_BYTES, file.name)
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise SpecError(
            f"{file.name}: a damaged archive: {error}", hint="copy the file again from its origin"
        ) from error
    except OSError as error:
        raise SpecError(f"{file.name} cannot be read: {error.strerror or error}") from error


def is_parquet(file: SourceFile) -> bool:
    """Whether *file* begins like a Parquet file."""
    try:
        with Path(file.path).open("rb") as raw:
            return raw.read(4) == _PARQUET
    except OSError as error:
        raise SpecError(f"{file.name} cannot be read: {error.strerror}") from error


def _read(stream: IO[bytes] | gzip.GzipFile, limit: int, name: str) -> bytearray:
    content = bytearray()
    while chunk := stream.read(_CHUNK_BYTES):
        content += chunk
        if len(content) > limit:
            raise _bomb(name)
    return content


def _refuse_other_formats(start: bytes, name: str) -> None:
    if not start:
        raise SpecError(f"{name}: the file is empty", hint="a CSV file begins with a header")
    if start == _PARQUET:
        raise SpecError(f"{name}: a Parquet file, not CSV", hint="write kind parquet or files")
    if start == _EMPTY_ZIP:
        raise SpecError(f"{name}: the archive is empty")
    if start.startswith(_UTF16):
        raise not_utf8(name)


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open the one file in *archive*; folders and macOS's metadata do not count."""
    members = [
        info
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise SpecError(
            f"{name}: the archive has {len(members)} files, not one",
            hint="pack each CSV file by itself and read them with kind files",
        )
    member = members[0]
    parts = member.filename.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts:
        raise SpecError(f"{name}: the archive's file is named {member.filename!r}")
    if member.flag_bits & 0x1:
        raise SpecError(f"{name}: the archive is encrypted", hint="pack it without a password")
    if member.file_size > _limit(member.compress_size):
        raise _bomb(name)
    try:
        return archive.open(member)
    except NotImplementedError as error:
        raise SpecError(
            f"{name}: packed by a method that is not supported", hint="pack it with deflate"
        ) from error


def _limit(packed_bytes: int) -> int:
    return min(MAX_BYTES, max(_RATIO_COUNTS_FROM_BYTES, packed_bytes * _MAX_RATIO))


def _bomb(name: str) -> SpecError:
    return SpecError(
        f"{name}: unpacks to more than {MAX_BYTES >> 30} GiB, or {_MAX_RATIO} times its size",
        hint="convert it to Parquet, or split it into several files",
    )
