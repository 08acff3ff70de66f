"""Which branch holds the desired state: all that releases take from the work tree."""

from __future__ import annotations

from pathlib import Path

from mlgitops.model.errors import SpecError
from mlgitops.spec.placement import PROJECT_FILE
from mlgitops.spec.yaml_tree import parse

DEFAULT = "main"


def named_in(root: Path) -> str:
    """The `branch:` of the Project in the work tree *root*.

    It is `main` where the file says nothing that can be read: what else is wrong
    in a work tree must not stop a reconcile.
    """
    try:
        spec = parse((root / PROJECT_FILE).read_text(encoding="utf-8"), PROJECT_FILE).value["spec"]
        branch = spec["branch"]
    except (OSError, UnicodeDecodeError, SpecError, KeyError, TypeError):
        return DEFAULT
    return branch if isinstance(branch, str) and branch else DEFAULT
