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

_FIXED = re.compile(r"[biufcmM]([0-9]{1,2})")
_FLEXIBLE = re.compile(r"[SU][0-9]{0,9}")
_ITEM_SIZE = 5
"""Where a numpy dtype's state has the size of an item."""


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
    if not isinstance(shape, tuple) or not all(_is_count(length) for length in shape):
        raise Unreadable("an array without a shape")
    if not isinstance(kind, Made) or kind.called.name != "numpy.dtype":
        raise Unreadable("an array without a type")
    size = _item_bytes(kind)
    return None if size is None else size * math.prod(shape)


def _item_bytes(kind: Made) -> int | None:
    code = kind.given[0] if isinstance(kind.given, tuple) and kind.given else None
    if isinstance(code, str):
        if code.startswith("O"):
            return None
        fixed = _FIXED.fullmatch(code)
        if fixed:
            return int(fixed[1])
        told = kind.state if isinstance(kind.state, tuple) else ()
        if _FLEXIBLE.fullmatch(code) and len(told) > _ITEM_SIZE and _is_count(told[_ITEM_SIZE]):
            return int(told[_ITEM_SIZE])
    raise Unreadable("an array of a type whose size is not known")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 1 << 40
