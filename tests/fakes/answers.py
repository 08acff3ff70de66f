"""What a verb printed with `--format json`, held to its published schema."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator  # noqa: TID253 - the judge of schemas

from mlgitops.spec.bundled import folder


def schema(verb: str) -> Any:
    """The published schema of *verb*."""
    return json.loads((folder("schemas") / "output" / f"{verb}.schema.json").read_text())


def valid(verb: str, printed: str) -> Any:
    """The one document in *printed*, which is all of standard output."""
    document = json.loads(printed)
    problems = [error.message for error in Draft202012Validator(schema(verb)).iter_errors(document)]

    assert not problems, f"{problems}\n{printed}"
    return document
