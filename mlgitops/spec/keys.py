"""The public keys of a tree, `mlops/keys/*.pub`: whose signatures count in it.

One file that holds no such key refuses them all, since nobody can tell what it was
meant to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mlgitops.model.attestation import PublicKey
from mlgitops.model.source import Diagnostic, Span
from mlgitops.model.spec import Kind, Project, Specs
from mlgitops.spec import evidence
from mlgitops.spec.documents import Document
from mlgitops.spec.placement import PROJECT_FILE
from mlgitops.spec.problems import refusal
from mlgitops.spec.yaml_tree import parse

KEY_FOLDER = "mlops/keys"
SUFFIX = ".pub"
NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")

_NEW = "`mlgitops keys new NAME` writes such a file"


def path(name: str) -> str:
    """Where the public key *name* lies in the repository."""
    return f"{KEY_FOLDER}/{name}{SUFFIX}"


def read(root: Path) -> tuple[PublicKey, ...]:
    """The keys of the work tree *root*, sorted by name.

    Raises:
        SpecError: every file that holds none.
    """
    found = sorted((root / KEY_FOLDER).glob(f"*{SUFFIX}"))
    paths = [f"{KEY_FOLDER}/{file.name}" for file in found]
    return decode({one: evidence.read(root, one) for one in paths})


def decode(files: Mapping[str, bytes | None]) -> tuple[PublicKey, ...]:
    """The keys in *files*, contents by path in the repository; None where git keeps none.

    Raises:
        SpecError: every file that holds none.
    """
    keys: dict[str, PublicKey] = {}
    problems: list[Diagnostic] = []
    for place, content in sorted(files.items()):
        try:
            key = _key(Path(place).name.removesuffix(SUFFIX), content)
        except ValueError as error:
            problems.append(_fault(place, str(error)))
            continue
        same = keys.setdefault(key.id, key)
        if same is not key:
            problems.append(_fault(place, f"this is the key {same.name!r} once more"))
    if problems:
        raise refusal(problems)
    return tuple(sorted(keys.values(), key=lambda key: key.name))


def check(project: Project, text: str, keys: Iterable[PublicKey]) -> Iterator[Diagnostic]:
    """Whether *project*, whose file has *text*, demands what none of *keys* can give."""
    if project.signing.is_required and not tuple(keys):
        document = Document(parse(text, PROJECT_FILE), Kind.PROJECT, project)
        message = f"there is no key in {KEY_FOLDER}, so nothing could be released"
        place = ("spec", "signing", "required")
        yield document.fault("SPEC341", place, message, _NEW)


def trusted(specs: Specs, key_id: str) -> PublicKey | None:
    """The key of the tree of *specs* that has *key_id*, if there is one.

    Raises:
        SpecError: a file among the keys holds none.
    """
    known = specs.trust.keys()
    return next((key for key in known if key.id == key_id), None)


def _fault(place: str, message: str) -> Diagnostic:
    return Diagnostic("SPEC340", message, Span(place, 1, 1, 0, 0), _NEW)


def _key(name: str, content: bytes | None) -> PublicKey:
    if NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name of a key: lowercase letters, digits, `.`, `_`, `-`")
    try:
        text = (content or b"").decode("ascii")
    except UnicodeDecodeError as error:
        raise ValueError("this is not one ed25519 public key in PEM") from error
    return PublicKey.parse(name, text)
