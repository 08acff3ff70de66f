"""Finds the data folders that ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent.parent


def folder(name: Literal["schemas", "policies", "examples"]) -> Path:
    """The folder *name*: inside an installed wheel, else at the top of the checkout."""
    installed = _PACKAGE / "bundled" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
