"""What kind of file this is, by its beginning and its name; a claim, not a proof."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

_PICKLES = (
    *(".ckpt", ".cloudpickle", ".dill", ".joblib", ".pickle"),
    *(".pkl", ".pt", ".pth", ".sav"),
)
_TEXTS = (
    *(".cfg", ".css", ".csv", ".html", ".ini", ".js", ".log", ".md"),
    *(".rst", ".sh", ".sql", ".toml", ".tsv", ".txt", ".xml"),
)
_BY_SUFFIX: Mapping[str, str] = {
    ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".py": "python",
    **dict.fromkeys(_TEXTS, "text"),
}  # fmt: skip
_BY_NAME: Mapping[str, str] = {"MLmodel": "yaml", "LICENSE": "text", "README": "text"}
_HEADER_BYTES = 100_000_000
"""The largest header that a safetensors file may have, by its definition."""

_NEWEST_PROTOCOL = 5
_FOREIGN = (b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"7z\xbc\xaf\x27\x1c", b"Rar!")
"""Zstandard, LZ4, 7z and RAR."""

_TAR_MARK = slice(257, 262)


def is_named_pickle(name: str) -> bool:
    """Whether who sees *name* would load the file as a pickle."""
    return PurePosixPath(name).suffix.lower() in _PICKLES


def begins_as_pickle(head: bytes) -> bool:
    """Whether *head* is that of a pickle of protocol 2 or later; older ones have no mark."""
    return len(head) > 1 and head[0] == 0x80 and head[1] <= _NEWEST_PROTOCOL


def is_plain_name(name: str) -> bool:
    """Whether a file of this *name* is text, which nobody loads as a pickle."""
    return _by_name(name) is not None


def is_foreign_archive(head: bytes) -> bool:
    """Whether other files are packed in it, in a way that is not read here."""
    return head.startswith(_FOREIGN) or head[_TAR_MARK] == b"ustar"


def kind(name: str, head: bytes, size: int) -> str:
    """The format of a file of *size* bytes that begins with *head*, if it is no pickle."""
    for found, is_it in _BY_BEGINNING.items():
        if is_it(name, head, size):
            return found
    if _is_text(head):
        return _by_name(name) or "text"
    return "other"


def _by_name(name: str) -> str | None:
    path = PurePosixPath(name)
    return _BY_NAME.get(path.name) or _BY_SUFFIX.get(path.suffix.lower())


def _is_safetensors(_: str, head: bytes, size: int) -> bool:
    header = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and header <= min(size - 8, _HEADER_BYTES)


def _is_onnx(name: str, head: bytes, _: int) -> bool:
    # A protocol buffer whose first field is a number: `ir_version`.
    return name.lower().endswith(".onnx") and head.startswith(b"\x08")


_BY_BEGINNING: Mapping[str, Callable[[str, bytes, int], bool]] = {
    "parquet": lambda _name, head, _size: head.startswith(b"PAR1"),
    "numpy": lambda _name, head, _size: head.startswith(b"\x93NUMPY"),
    "safetensors": _is_safetensors,
    "onnx": _is_onnx,
}


def _is_text(head: bytes) -> bool:
    try:
        # Not final: the beginning may end within a character.
        return "\0" not in codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
