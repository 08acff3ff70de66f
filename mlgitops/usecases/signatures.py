"""The signatures of models, read as data from their folders, and what tells two apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlgitops.model.errors import SpecError
from mlgitops.model.examinations import Compatibility, Retyped
from mlgitops.spec import yaml_tree

_FILE = "MLmodel"
_OPTIONAL = " (optional)"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives, as MLflow writes it.

    *inputs* are types by name, in their order, ` (optional)` behind the type of one
    that need not be sent; *outputs* is canonical JSON, empty if none are named.
    """

    inputs: Mapping[str, str]
    outputs: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw columns that the model takes."""
        return tuple(self.inputs)

    @property
    def required(self) -> tuple[str, ...]:
        """Those of them that have to be sent."""
        return tuple(name for name, kind in self.inputs.items() if not kind.endswith(_OPTIONAL))


def read(folder: Path) -> Signature:
    """The signature of the model in *folder*, which is never imported.

    Raises:
        SpecError: it has none that names its inputs.
    """
    try:
        described = yaml_tree.parse((folder / _FILE).read_text(encoding="utf-8"), _FILE).value
        signature = described["signature"]
        inputs = {str(column["name"]): _type(column) for column in json.loads(signature["inputs"])}
        outputs = json.loads(signature["outputs"]) if signature.get("outputs") else None
    except (OSError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise SpecError(
            f"the model's {_FILE} holds no signature that names its inputs",
            hint="save the model with a signature: mlflow.models.infer_signature makes one",
        ) from error
    return Signature(inputs, _text(outputs) if outputs else "")


def compare(before: Signature, after: Signature) -> Compatibility:
    """What changes for those who call a model when *after* takes the place of *before*.

    An input is retyped, too, when it could be left out and now has to be sent. What may
    be left out now, whether it was sent before or is new, breaks no call and is not listed.
    """
    both = [name for name in after.inputs if name in before.inputs]
    return Compatibility(
        added=[
            name
            for name, kind in after.inputs.items()
            if name not in before.inputs and not kind.endswith(_OPTIONAL)
        ],
        removed=[name for name in before.inputs if name not in after.inputs],
        retyped=[
            Retyped(name=name, before=before.inputs[name], after=after.inputs[name])
            for name in both
            if after.inputs[name] not in (before.inputs[name], before.inputs[name] + _OPTIONAL)
        ],
        outputs_changed=before.outputs != after.outputs,
    )


def _type(column: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in column.items() if key not in ("name", "required")}
    kind = str(rest["type"]) if set(rest) == {"type"} else _text(rest)
    return kind + ("" if column.get("required", True) else _OPTIONAL)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
