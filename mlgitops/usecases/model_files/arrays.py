"""How many bytes joblib puts between the opcodes of a pickle for one array.

Source: joblib's `numpy_pickle.NumpyArrayWrapper`, versions 0.10 to 1.6.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from mlgitops.usecases.model_files.source import Unreadable

WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
WRAPPERS = frozenset({"NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"})
"""Classes, wherever they are imported from, for which joblib reads an array by itself."""

PADDED = "numpy_array_alignment_bytes"
"""With this in its state, a byte tells how many bytes come before the array's own."""

_FIXED = re.compile(r"[biufcmM]([0-9]{1,2})")
_FLEXIBLE = re.compile(r"[SUV][0-9]{0,9}")
_STATE_LENGTH = 8
_MOST_DIMENSIONS = 64
_DEEPEST = 3
"""Records within records."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a pickle imports."""

    name: str


@dataclass(slots=True)
class Made:
    """What calling an import with *given* makes; *state* is what it is then told to be."""

    called: Named
    given: Any
    state: Any = None


def array_bytes(wrapper: Made) -> int | None:
    """The size of the array that *wrapper* stands for; None if a pickle stands for it.

    Raises:
        Unreadable: the size cannot be told.
    """
    state = wrapper.state
    if not isinstance(state, dict):
        raise Unreadable("an array without a description")
    shape, kind = state.get("shape"), state.get("dtype")
    if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        raise Unreadable("an array without a shape")
    if not all(_is_count(length) for length in shape):
        raise Unreadable("an array without a shape")
    if not _is_count(state.get(PADDED, 0)):
        raise Unreadable("an array of unknown padding")
    size = _item_bytes(kind)
    return None if size is None else size * math.prod(shape)


def _item_bytes(kind: Any, depth: int = 0) -> int | None:
    """The size of one item; None for objects."""
    if not isinstance(kind, Made) or kind.called.name != "numpy.dtype" or depth > _DEEPEST:
        raise Unreadable("an array without a type")
    code = kind.given[0] if isinstance(kind.given, tuple) and kind.given else None
    if isinstance(code, str):
        if code.startswith("O"):
            return None
        fixed = _FIXED.fullmatch(code)
        if fixed:
            return int(fixed[1])
        if _FLEXIBLE.fullmatch(code):
            return _told_bytes(kind.state, depth)
    raise Unreadable("an array of a type whose size is not known")


def _told_bytes(state: Any, depth: int) -> int:
    """The size of texts and records, which stands in the dtype's state."""
    if not isinstance(state, tuple) or len(state) < _STATE_LENGTH:
        raise Unreadable("an array of a type without a state")
    _, _, inner, names, fields, size, *_ = state
    if inner is not None or not _is_count(size):
        raise Unreadable("an array of arrays")
    if fields is not None or names is not None:
        if not (isinstance(fields, dict) and isinstance(names, tuple)) or (
            sorted(map(str, names)) != sorted(fields)
        ):
            raise Unreadable("an array of records without fields")
        for field in fields.values():
            kind = field[0] if isinstance(field, tuple) and field else None
            if _item_bytes(kind, depth + 1) is None:
                raise Unreadable("an array of records of objects")
    return int(size)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 1 << 40
