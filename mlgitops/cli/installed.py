"""Versions of installed packages, without the 25 ms that `importlib.metadata` takes to import."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator


def version(package: str) -> str | None:
    """The installed version of *package*, None when it is not installed."""
    return versions((package,))[package]


def versions(packages: tuple[str, ...]) -> dict[str, str | None]:
    """The installed versions by package, None for one that is not installed."""
    found: dict[str, str] = {}
    for name, number in _named_by_folders():
        found.setdefault(name, number)
    return {package: found.get(_normal(package)) or _asked(package) for package in packages}


def _named_by_folders() -> Iterator[tuple[str, str]]:
    """Names and versions of the `*.dist-info` folders, in the order of the import path."""
    for place in sys.path:
        try:
            entries = os.listdir(place or ".")  # noqa: PTH208 - thousands of paths would be made
        except OSError:  # an archive, or a folder that is not there
            continue
        for entry in entries:
            if entry.endswith(".dist-info"):
                name, _, number = entry.removesuffix(".dist-info").rpartition("-")
                yield _normal(name), number


def _asked(package: str) -> str | None:
    """The version of a package that was installed in an older way, if it was."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
