"""The JSON Schema of each kind, read from `schemas/`: the source of truth for shape."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from mlgitops.model.spec import Kind
from mlgitops.spec.bundled import folder

API_VERSION = "mlgitops.dev/v1"


def file_name(kind: Kind) -> str:
    """The schema's file in `schemas/`."""
    return f"{kind.value.lower()}.schema.json"


@cache
def schema(kind: Kind) -> dict[str, Any]:
    """The schema of *kind*; shared, so that no one may change it."""
    text = (folder("schemas") / file_name(kind)).read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text, object_hook=_with_strict_ends)
    return loaded


def _with_strict_ends(found: dict[str, Any]) -> dict[str, Any]:
    # To Python, unlike ECMAScript, `$` also matches before a last line break.
    pattern = found.get("pattern")
    if isinstance(pattern, str) and pattern.endswith("$"):
        found["pattern"] = pattern.removesuffix("$") + r"\Z"
    return found
