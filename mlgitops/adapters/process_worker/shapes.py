"""The shapes of jobs' answers, as docs/architecture.md tells them ("Jobs").

A shape is a type, `[shape]` for a list, `{name: shape}` for an object with these
names and no others, or a function that says whether a value is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from mlgitops.ports import Job

Shape = type | list["Shape"] | Mapping[str, "Shape"] | Callable[[Any], bool]

_OPTIONAL = "?"  # at the end of a name that may be missing
_MOST = 1 << 63


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _duration(value: Any) -> bool:
    return isinstance(value, float) and 0 <= value < math.inf


def _text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _status(value: Any) -> bool:
    return isinstance(value, str) and value in {"passed", "failed", "error"}


def _keys(value: Any) -> bool:
    """Names and plain values of one row."""
    plain = str | int | float | bool | None
    return isinstance(value, dict) and all(isinstance(held, plain) for held in value.values())


_COLUMN: Shape = {"name": str, "type": str}
_EXPECTATION_RESULT: Shape = {
    "type": str,
    "column?": str,
    "severity": str,
    "status": _status,
    "evaluated_rows": _count,
    "unexpected_rows": _count,
    "rows": [_keys],
    "reason": str,
}
_RESULTS: Mapping[Job, Shape] = {
    "validate": {"results": [_EXPECTATION_RESULT]},
    "features": {"columns": [_COLUMN]},
    "train": {"inputs": [_COLUMN], "requirements": [str], "files": [str]},
    "predict": {"rows": _count, "milliseconds?": [_duration]},
    "measure": {"rows": _count, "files": [str]},
}
_REFUSED: Shape = {"message": str, "hint": _text_or_none, "details": _text_or_none}


def is_answer(job: Job, answer: Any) -> bool:
    """Whether *answer* is one that *job* gives."""
    kinds: tuple[Shape, ...] = ({"result": _RESULTS[job]}, {"refused": _REFUSED}, {"bug": str})
    return any(_has(answer, kind) for kind in kinds)


def _has(value: Any, shape: Shape) -> bool:
    if isinstance(shape, type):
        return isinstance(value, shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(_has(item, shape[0]) for item in value)
    if isinstance(shape, Mapping):
        return isinstance(value, dict) and _has_fields(value, shape)
    return shape(value)


def _has_fields(value: Mapping[str, Any], shape: Mapping[str, Shape]) -> bool:
    named = {name.removesuffix(_OPTIONAL): held for name, held in shape.items()}
    required = {name for name in shape if not name.endswith(_OPTIONAL)}
    return required <= value.keys() <= named.keys() and all(
        _has(held, named[name]) for name, held in value.items()
    )
