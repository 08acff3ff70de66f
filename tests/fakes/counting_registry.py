"""A registry in front of another: counts what is written, and dies when told to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlgitops.model.digest import Manifest
from mlgitops.model.errors import Unavailable
from mlgitops.model.registry import ModelVersion, RegisteredModel, Registration
from mlgitops.ports import ModelRegistry


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing is caught or cleaned up."""


class CountingRegistry:
    """Passes everything on to *behind*.

    `writes` and `reads` name the calls in order. The process dies just before
    the write of number `dies_at` (0 is the first), and the answers to writes of
    the numbers in `loses` never arrive, although the writes are done.
    """

    def __init__(self, behind: ModelRegistry) -> None:
        self.behind = behind
        self.writes: list[str] = []
        self.reads: list[str] = []
        self.dies_at: int | None = None
        self.loses: set[int] = set()

    def observe(self, names: Sequence[str] | None = None) -> dict[str, RegisteredModel]:
        self.reads.append("observe")
        return self.behind.observe(names)

    @property
    def place(self) -> str:
        return self.behind.place

    def lacks(self, model: str, version: int) -> bool:
        return self.behind.lacks(model, version)

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        self.reads.append("versions")
        return self.behind.versions(model)

    def register(self, registration: Registration, folder: Path) -> ModelVersion:
        self._begin("register")
        version = self.behind.register(registration, folder)
        self._end()
        return version

    def attachment(self, version: ModelVersion, path: str) -> bytes | None:
        self.reads.append("attachment")
        return self.behind.attachment(version, path)

    def download(self, model: str, version: int, into: Path) -> Path:
        self.reads.append("download")
        return self.behind.download(model, version, into)

    def manifest(self, model: str, version: int) -> Manifest | None:
        self.reads.append("manifest")
        return self.behind.manifest(model, version)

    def set_alias(self, model: str, alias: str, version: int) -> None:
        self._begin("set_alias")
        self.behind.set_alias(model, alias, version)
        self._end()

    def delete_alias(self, model: str, alias: str) -> None:
        self._begin("delete_alias")
        self.behind.delete_alias(model, alias)
        self._end()

    def set_tag(self, model: str, key: str, value: str) -> None:
        self._begin("set_tag")
        self.behind.set_tag(model, key, value)
        self._end()

    def _begin(self, write: str) -> None:
        if len(self.writes) == self.dies_at:
            raise Killed
        self.writes.append(write)

    def _end(self) -> None:
        if len(self.writes) - 1 in self.loses:
            raise Unavailable("the answer did not arrive")
