"""Whether git tracks the registry itself, where that lies in the repository.

Versions are registered after a commit, so a checkout, a stash or a reset would
take them away again, and aliases with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Kind, Project, RegistryAddress
from mlgitops.spec.documents import Document
from mlgitops.spec.placement import PROJECT_FILE
from mlgitops.spec.yaml_tree import Path, parse

_SQLITE = "sqlite:///"


def check(project: Project, text: str, tracks: Callable[[str], bool]) -> Iterator[Diagnostic]:
    """What git *tracks* of the registry of *project*, whose file has *text*.

    What `env:NAME` names is left out: it is another one elsewhere.
    """
    document = Document(parse(text, PROJECT_FILE), Kind.PROJECT, project)
    for key, place in _places(project.registry):
        if tracks(place):
            message = f"git tracks {place}, so a checkout or a stash takes registered models away"
            hint = f"git rm -r --cached {place}, and list `{place}` in .gitignore"
            yield document.fault("SPEC337", _written(document, key), message, hint)


def _places(address: RegistryAddress) -> Iterator[tuple[str, str]]:
    """The key of the spec and the path of what lies in the repository."""
    if not address.uri.startswith(_SQLITE):
        return  # then the server has the files, too
    found = {"uri": address.uri.removeprefix(_SQLITE), "artifacts": address.artifacts}
    for key, written in found.items():
        path = PurePosixPath(written)
        is_below = path.parts and not path.is_absolute() and ".." not in path.parts
        if is_below and ":" not in written:
            yield key, str(path)


def _written(document: Document, key: str) -> Path:
    """The key of the registry's address that is written, or else the project's name."""
    place: Path = ("spec", "registry", key)
    return place if place in document.tree.spans else ("metadata", "name")
