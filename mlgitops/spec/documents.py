"""The decoded files of a repository, found by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlgitops.model.source import Diagnostic, Span
from mlgitops.model.spec import Kind
from mlgitops.spec.decode import Spec
from mlgitops.spec.shape import located, place_of_key
from mlgitops.spec.yaml_tree import Path, Tree


@dataclass(frozen=True, slots=True)
class Document:
    """One file: where its parts stand, and what it says."""

    tree: Tree
    kind: Kind
    spec: Spec
    is_builtin: bool = False

    @property
    def file(self) -> str:
        """The file's path in the repository."""
        return self.tree.file

    @property
    def name(self) -> str:
        """`metadata.name`."""
        name: str = self.tree.value["metadata"]["name"]
        return name

    def at(self, *path: str | int) -> Any:
        """The value at *path* as it is written, or None where there is none."""
        value: Any = self.tree.value
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError):
                return None
        return value

    def items(self, *path: str | int) -> Iterator[tuple[Path, Any]]:
        """Path and value of each item of the list at *path*."""
        for index, value in enumerate(self.at(*path) or ()):
            yield (*path, index), value

    def fault(self, code: str, path: Path, message: str, hint: str | None = None) -> Diagnostic:
        """A problem of the value at *path*."""
        return Diagnostic(code, f"{located(path)}: {message}", self._span(path), hint)

    def fault_of_key(self, code: str, path: Path, message: str, hint: str) -> Diagnostic:
        """A problem of the key that holds *path*, e.g. that something lacks below it."""
        place = place_of_key(self.tree, path)
        return Diagnostic(code, f"{located(path)}: {message}", place, hint)

    def _span(self, path: Path) -> Span:
        return self.tree.spans[path]


class Documents:
    """All files, by kind and name."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._all = tuple(documents)
        self._of: dict[Kind, list[Document]] = {kind: [] for kind in Kind}
        self._named: dict[Kind, dict[str, Document]] = {kind: {} for kind in Kind}
        for document in self._all:
            self._of[document.kind].append(document)
            self._named[document.kind].setdefault(document.name, document)

    def __iter__(self) -> Iterator[Document]:
        return iter(self._all)

    def of(self, kind: Kind) -> Sequence[Document]:
        """Those of *kind*, in the order given."""
        return self._of[kind]

    def named(self, kind: Kind) -> Mapping[str, Document]:
        """Those of *kind* by name; the first of a name stays."""
        return self._named[kind]
