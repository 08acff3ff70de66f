from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zipfile
import zlib
from collections.abc import Callable

import pytest

from mlgitops.usecases.model_files import archives
from mlgitops.usecases.model_files.source import Budget, NotPacked, TooLarge, Unreadable

NOISE = random.Random(7).randbytes(200_000)  # noqa: S311 - data, not secrets

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
}


def unpacked(content: bytes, by: str, budget: Budget | None = None) -> bytes:
    with archives.decompressed(io.BytesIO(content), by, budget or Budget()) as file:
        file.seek(0)
        return file.read()


@pytest.mark.parametrize("by", PACKERS)
def test_what_joblib_compresses_is_unpacked(by: str) -> None:
    packed = PACKERS[by](NOISE)

    assert archives.compression(packed[:100]) == by
    assert unpacked(packed, by) == NOISE


@pytest.mark.parametrize("by", PACKERS)
def test_a_bomb_ends_at_the_limit(by: str) -> None:
    with pytest.raises(TooLarge):
        unpacked(PACKERS[by](bytes(30_000_000)), by, Budget(unpacked=3_000_000))


@pytest.mark.parametrize("by", PACKERS)
def test_what_is_damaged_is_unreadable(by: str) -> None:
    with pytest.raises(Unreadable):
        unpacked(PACKERS[by](NOISE)[:-30_000], by)


def test_what_only_seems_to_be_compressed_is_told() -> None:
    with pytest.raises(NotPacked):
        unpacked(b"x^2 + y^2", "zlib")
    assert archives.compression(b"hello") is None


def archive(*members: tuple[str, bytes], packed: bool = True) -> io.BytesIO:
    made = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(made, "w", how) as file:
        for name, content in members:
            file.writestr(name, content)
    return made


def contents(file: io.BytesIO, budget: Budget | None = None) -> dict[str, bytes]:
    found = {}
    size = len(file.getvalue())
    for name, member in archives.members(file, size, budget or Budget()):
        member.seek(0)
        found[name] = member.read()
    return found


def test_members_are_read_whether_packed_or_not() -> None:
    for packed in (True, False):
        file = archive(("a/", b""), ("a/b.pkl", b"one"), ("c", b"two"), packed=packed)

        assert archives.is_zip(file, file.getvalue()[:10])
        assert contents(file) == {"a/b.pkl": b"one", "c": b"two"}


def test_a_member_counts_whatever_its_name() -> None:
    folder = archive(("ab", b"one")).getvalue().replace(b"ab", b"a/")
    nameless = bytearray(archive(("a", b"one")).getvalue())
    for lengths in (26, nameless.index(b"PK\x01\x02") + 28):
        nameless[lengths : lengths + 4] = b"\x00\x00\x01\x00"  # its name is extra now

    assert contents(io.BytesIO(folder)) == {"a/": b"one"}
    assert contents(io.BytesIO(nameless)) == {"": b"one"}


def test_an_archive_behind_other_bytes_is_found() -> None:
    file = io.BytesIO(b"\x80\x04N." + archive(("a", b"one")).getvalue())

    assert archives.is_zip(file, b"\x80\x04")
    assert contents(file) == {"a": b"one"}


def test_zip_bombs_end_at_the_limit() -> None:
    with pytest.raises(TooLarge):
        contents(archive(("a", bytes(10_000_000))), Budget(unpacked=1_000_000))
    with pytest.raises(TooLarge):
        contents(archive(("a", NOISE), packed=False), Budget(copied=1_000))


def test_damaged_and_encrypted_archives_are_unreadable() -> None:
    whole = archive(("a", NOISE)).getvalue()
    encrypted = bytearray(archive(("a", b"one")).getvalue())
    place = encrypted.find(b"PK\x01\x02")
    encrypted[place + 8] |= 1
    encrypted[6] |= 1
    wrong_sum = bytearray(archive(("a", b"one"), packed=False).getvalue())
    wrong_sum[31] ^= 1

    for content in (whole[:-60], bytes(encrypted), bytes(wrong_sum), b"PK\x03\x04"):
        with pytest.raises(Unreadable):
            contents(io.BytesIO(content))


def test_a_directory_of_too_many_files_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 2)
    with pytest.raises(Unreadable):
        contents(archive(*((f"name-{number:040}", b"") for number in range(9))))
