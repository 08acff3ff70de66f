"""Remembers which spec texts had the right shape, so that they are not checked again.

It holds for one set of schemas; it only saves time, and a text that it
names is still decoded and checked for its meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mlgitops import folders
from mlgitops.model.digest import digest
from mlgitops.model.errors import Unavailable
from mlgitops.spec.bundled import folder


class ShapeCache:
    """The digests of texts that passed, in the file *path*."""

    def __init__(self, path: Path) -> None:
        self._path = path
        schemas = sorted(folder("schemas").glob("*.json"))
        self._schemas = digest(folders.digests(schemas))
        self._passed = self._read()

    @property
    def passed(self) -> frozenset[str]:
        """Digests of texts that need no second look."""
        return self._passed

    def add(self, digests: Iterable[str]) -> None:
        """Remember *digests*; writes only when there are new ones."""
        passed = self._passed | set(digests)
        if passed == self._passed:
            return
        self._passed = passed
        document = {"schemas": self._schemas, "passed": sorted(passed)}
        # A cache that cannot be written costs time next time, nothing else.
        with suppress(Unavailable):
            folders.hide_from_git(self._path.parent)
            folders.write_whole(self._path, json.dumps(document).encode())

    def _read(self) -> frozenset[str]:
        try:
            document = json.loads(self._path.read_bytes())
            if document["schemas"] == self._schemas:
                return frozenset(map(str, document["passed"]))
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no cache, or one that cannot be read: everything is checked
        return frozenset()
