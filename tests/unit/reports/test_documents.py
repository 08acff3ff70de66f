from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # noqa: TID253 - the judge of schemas

from mlgitops.cli.app import VERBS
from mlgitops.model.errors import GateFailed, SpecError
from mlgitops.model.plan import Verb
from mlgitops.model.run import STEPS
from mlgitops.model.source import Diagnostic, Span
from mlgitops.model.sync import Sync
from mlgitops.reports import documents
from mlgitops.spec.bundled import folder
from tests.fakes.answers import schema, valid

NAMES = sorted(
    file.name.removesuffix(".schema.json") for file in (folder("schemas") / "output").iterdir()
)


def nodes(node: Any) -> Any:
    if isinstance(node, dict):
        yield node
        for below in node.values():
            yield from nodes(below)
    elif isinstance(node, list):
        for below in node:
            yield from nodes(below)


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_sound_closed_and_complete_in_itself(name: str):
    found = schema(name)

    Draft202012Validator.check_schema(found)
    assert name.partition("-")[0] in VERBS
    assert found["$id"] == f"https://mlgitops.dev/schemas/output/{name}.schema.json"
    assert {node["$ref"] for node in nodes(found) if isinstance(node.get("$ref"), str)} == {
        f"#/$defs/{word}" for word in found["$defs"]
    }
    for node in nodes(found):
        if isinstance(node.get("properties"), dict) and "type" in node:
            assert node["additionalProperties"] is False
            for word, told in node["properties"].items():
                assert told.get("title"), word
                assert told.get("description"), word


def test_one_thing_has_one_shape_in_all_documents():
    shapes: dict[str, Any] = {}
    for name in NAMES:
        for word, shape in schema(name)["$defs"].items():
            assert shapes.setdefault(word, shape) == shape, word
        assert schema(name)["properties"]["error"]["$ref"] == "#/$defs/error"


def test_the_words_of_the_schemas_are_those_of_the_code():
    plan, run = schema("plan")["$defs"], schema("run")["$defs"]

    assert plan["sync"]["enum"] == list(Sync)
    assert plan["change"]["properties"]["verb"]["enum"] == list(Verb)
    assert run["step"]["properties"]["name"]["enum"] == list(STEPS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GateFailed("missed"), 3),
        (SpecError("wrong", hint="mend it", details="Traceback\n::x"), 2),
        (SpecError("1 problem", diagnostics=[Diagnostic("SPEC325", "missing")]), 2),
        (SpecError("1", diagnostics=[Diagnostic("A", "b", Span("a.yaml", 2, 3, 9, 11), "c")]), 2),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("by zero"), 1),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_every_ending_has_the_one_shape(name: str, error: BaseException, code: int):
    from mlgitops.reports.harmless import json_text

    told = valid(name, json_text({"error": documents.stop(error, code)}))["error"]

    assert told["code"] == code
    assert re.search("[a-z]", told["message"], re.IGNORECASE) or told["message"] == "1"
    assert len(told["diagnostics"]) == len(getattr(error, "diagnostics", ()))
