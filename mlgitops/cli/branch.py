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


def without_commit(branch: str, checked_out: str) -> SpecError:
    """The error for a *branch* that is not there; *checked_out* is the one that is, if any."""
    message = f"the branch {branch!r} has no commit"
    if checked_out == branch:
        return SpecError(message, hint="commit your specs")
    if not checked_out:
        return SpecError(
            f"{message} here, and no branch is checked out",
            hint=f"git fetch origin {branch}:{branch}, or set `branch:` in {PROJECT_FILE}",
        )
    return SpecError(
        f"{message}; checked out is {checked_out!r}",
        hint=f"commit `branch: {checked_out}` below `spec:` in {PROJECT_FILE}, or rename it: "
        f"git branch -m {checked_out} {branch}",
    )
