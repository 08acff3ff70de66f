from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.usecases import signatures
from mlgitops.usecases.signatures import Signature


def column(name: str, kind: str = "double", **rest: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, **rest}


def signature(tmp_path: Path, inputs: Any, outputs: Any = None) -> Signature:
    signed = {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs) if outputs else None}
    (tmp_path / "MLmodel").write_text(json.dumps({"signature": signed}))
    return signatures.read(tmp_path)


def test_a_signature_is_read_as_data(tmp_path: Path) -> None:
    found = signature(
        tmp_path,
        [
            column("visits", required=True),
            column("plan", "string", required=False),
            {"name": "x", "type": "array", "items": {"type": "long"}},
        ],
        [{"type": "tensor", "tensor-spec": {"shape": [-1, 2], "dtype": "float64"}}],
    )

    assert found.columns == ("visits", "plan", "x")
    assert found.required == ("visits", "x")
    assert found.inputs == {
        "visits": "double",
        "plan": "string (optional)",
        "x": '{"items":{"type":"long"},"type":"array"}',
    }
    assert '"shape":[-1,2]' in found.outputs


@pytest.mark.parametrize(
    "text",
    [
        "flavors: {}",
        "signature: null",
        "signature: {inputs: null}",
        "signature: {inputs: '{'}",
        "signature: {inputs: '[1]'}",
        'signature: {inputs: \'[{"type": "double"}]\'}',
        "signature: !!python/object/apply:os.system [true]",
        "",
    ],
)
def test_a_folder_without_named_inputs_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "MLmodel").write_text(text)

    with pytest.raises(SpecError):
        signatures.read(tmp_path)


def test_a_folder_without_a_description_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no signature"):
        signatures.read(tmp_path)


def test_equal_signatures_are_compatible() -> None:
    same = Signature({"a": "double", "b": "string (optional)"}, "[]")

    assert signatures.compare(same, same) == {
        "added": [],
        "removed": [],
        "retyped": [],
        "outputs_changed": False,
    }


def test_what_breaks_callers_is_listed() -> None:
    before = Signature({"gone": "long", "a": "double", "b": "string (optional)"}, "[1]")
    after = Signature({"new": "long", "a": "string", "b": "string"}, "[2]")

    assert signatures.compare(before, after) == {
        "added": ["new"],
        "removed": ["gone"],
        "retyped": [
            {"name": "a", "before": "double", "after": "string"},
            {"name": "b", "before": "string (optional)", "after": "string"},
        ],
        "outputs_changed": True,
    }


def test_what_may_be_left_out_now_breaks_nobody() -> None:
    before = Signature({"a": "double"}, "")
    after = Signature({"new": "long (optional)", "a": "double (optional)"}, "")

    assert signatures.compare(before, after) == {
        "added": [],
        "removed": [],
        "retyped": [],
        "outputs_changed": False,
    }
