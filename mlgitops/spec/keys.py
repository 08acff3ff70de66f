"""The public keys of a tree, `mlops/keys/*.pub`: whose signatures count in it.

One file that holds no such key refuses them all, since nobody can tell what it was
meant to be. So does a private key among them, by which anybody could have signed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
PRIVATE_SUFFIX = ".key"
NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")

_NEW = "`mlgitops keys new NAME` writes such a file"
_ROTATE = (
    "it is no secret any more, even once it is deleted, since history keeps it: make another with "
    "`mlgitops keys new NAME`, delete this file and the public key in mlops/keys that belongs to it"
)
_PRIVATE = b"PRIVATE KEY-----"
# RFC 8410: how PKCS #8 in DER begins for every private key of ed25519, in base64. In two, or a
# copy of this file would be taken for one.
_ED25519_BEGINS = "MC4CAQAw" + "BQYDK2Vw"


def path(name: str) -> str:
    """Where the public key *name* lies in the repository."""
    return f"{KEY_FOLDER}/{name}{SUFFIX}"


def read(root: Path) -> tuple[PublicKey, ...]:
    """The keys of the work tree *root*, sorted by name.

    Raises:
        SpecError: as `decode`.
    """
    found = (file for file in (root / KEY_FOLDER).rglob("*") if not file.is_dir())
    paths = [file.relative_to(root).as_posix() for file in found]
    return decode({one: evidence.read(root, one) for one in paths})


def decode(files: Mapping[str, bytes | None]) -> tuple[PublicKey, ...]:
    """The keys in *files*, contents by path in the repository; None where git keeps none.

    *files* are all that lie at or below `KEY_FOLDER`; those that neither have the name of a
    public key nor hold a private one may be anything.

    Raises:
        SpecError: every file that should hold a public key and holds none, or holds a
            private one.
    """
    keys: dict[str, PublicKey] = {}
    problems: list[Diagnostic] = []
    for place, content in sorted(files.items()):
        if place.endswith(PRIVATE_SUFFIX) or _PRIVATE in (content or b""):
            before = (content or b"").partition(_PRIVATE)[0]
            problems.append(_leak(place, before.count(b"\n") + 1))
            continue
        if not _is_public(place):
            continue
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


def leaks(tracked_with: Callable[[Sequence[str]], Mapping[str, int]]) -> Iterator[Diagnostic]:
    """Private keys as `mlgitops keys new` writes them, wherever in the repository they lie.

    *tracked_with* names the tracked files that hold each of some texts, each with the
    first line that has one. Keys of other kinds are left alone: they sign no evidence.
    """
    for place, line in sorted(tracked_with((_PRIVATE.decode(), _ED25519_BEGINS)).items()):
        yield _leak(place, line)


def trusted(specs: Specs, key_id: str) -> PublicKey | None:
    """The key of the tree of *specs* that has *key_id*, if there is one.

    Raises:
        SpecError: a file among the keys holds none.
    """
    known = specs.trust.keys()
    return next((key for key in known if key.id == key_id), None)


def _fault(place: str, message: str) -> Diagnostic:
    return Diagnostic("SPEC340", message, Span(place, 1, 1, 0, 0), _NEW)


def _leak(place: str, line: int) -> Diagnostic:
    message = "this is a private key: whoever can read the repository could sign with it"
    return Diagnostic("SPEC345", message, Span(place, line, 1, 0, 0), _ROTATE)


def _is_public(place: str) -> bool:
    folder, _, name = place.rpartition("/")
    return folder == KEY_FOLDER and name.endswith(SUFFIX)


def _key(name: str, content: bytes | None) -> PublicKey:
    if NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name of a key: lowercase letters, digits, `.`, `_`, `-`")
    try:
        text = (content or b"").decode("ascii")
    except UnicodeDecodeError as error:
        raise ValueError("this is not one ed25519 public key in PEM") from error
    return PublicKey.parse(name, text)
