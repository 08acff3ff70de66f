"""Names of content: canonical JSON, sha256 digests, manifests of folders.

Canonical JSON follows RFC 8785. NaN, infinities and magnitudes from 1e300 are
refused: a registry that stores infinity as 1.797e308 would let it pass a gate.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

SHORT_DIGITS = 12
_LARGEST_EXACT_INTEGER = 2**53
_LARGEST_MAGNITUDE = 1e300


@dataclass(frozen=True, slots=True, order=True)
class FileEntry:
    """One file of a folder; *path* is relative, with forward slashes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every file of a folder, sorted by path; its digest is *the* model digest."""

    files: tuple[FileEntry, ...]

    @property
    def digest(self) -> str:
        """Digest of the sorted (path, size, sha256) triples."""
        return digest(sorted([file.path, file.size, file.sha256] for file in self.files))

    @property
    def size_bytes(self) -> int:
        """Sum of the files' sizes."""
        return sum(file.size for file in self.files)


def digest(document: Any) -> str:
    """Name *document* by its content: `sha256:` and 64 hex digits.

    Raises:
        ValueError: the document has no canonical form (see `canonical_json`).
    """
    return digest_of_bytes(canonical_json(document))


def digest_of_bytes(content: bytes) -> str:
    """`sha256:` and 64 hex digits of *content*."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def short(name: str) -> str:
    """The first 12 hex digits of a digest, for people and branch names."""
    return name.removeprefix("sha256:")[:SHORT_DIGITS]


def canonical_json(document: Any) -> bytes:
    """Serialise by RFC 8785: equal documents give equal bytes.

    Raises:
        ValueError: NaN, an infinity, |x| >= 1e300, an integer beyond 2**53,
            a key that is not text, text that is not Unicode, or another type.
    """
    try:
        return _text(document).encode()
    except UnicodeEncodeError as error:
        raise ValueError("text with a lone surrogate has no canonical form") from error


def _text(value: Any) -> str:
    # What there is most of comes first, and lists before abstract classes, which are slow to ask.
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, list):
        return "[" + ",".join([_text(item) for item in value]) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("only text can be a key")
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{encode_basestring(k)}:{_text(value[k])}" for k in keys) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(_text(item) for item in value) + "]"
    raise ValueError(f"{type(value).__name__} has no canonical form")


def _integer(value: int) -> str:
    if abs(value) > _LARGEST_EXACT_INTEGER:
        raise ValueError(f"the integer {value} is beyond 2**53")
    return str(value)


def _number(value: float) -> str:
    """ECMAScript's Number-to-String, which RFC 8785 section 3.2.2.3 prescribes."""
    if not math.isfinite(value) or abs(value) >= _LARGEST_MAGNITUDE:
        raise ValueError(f"{value!r} is not a number that evidence may hold")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    written = whole + ("" if fraction == "0" else fraction)
    leading_zeros = len(written) - len(written.lstrip("0"))
    point = len(whole) + int(exponent or 0) - leading_zeros
    digits = written.strip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"
