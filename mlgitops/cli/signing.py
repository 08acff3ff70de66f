"""The key that this command may sign with, and the keys that a tree trusts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    from mlgitops.model.attestation import PublicKey, Trust
    from mlgitops.ports import Repository, Signer


def signer(environ: Mapping[str, str]) -> Signer | None:
    """Signs with the key that the environment holds or names; None where it does neither.

    An empty variable is none: a workflow's missing secret is one.

    Raises:
        SpecError: both variables are set, or the file cannot be read.
    """
    from mlgitops.adapters.signing import LocalSigner
    from mlgitops.usecases.signing import KEY_FILE_VARIABLE, KEY_VARIABLE

    text, file = environ.get(KEY_VARIABLE), environ.get(KEY_FILE_VARIABLE)
    if text and file:
        raise SpecError(
            f"{KEY_VARIABLE} and {KEY_FILE_VARIABLE} are both set", hint=f"unset {KEY_VARIABLE}"
        )
    if text:
        return LocalSigner(text.encode(), KEY_VARIABLE)
    if not file:
        return None
    try:
        return LocalSigner(Path(file).expanduser().read_bytes(), file)
    except OSError as error:
        raise SpecError(
            f"{KEY_FILE_VARIABLE} names {file}, which cannot be read: {error.strerror}",
            hint="`mlgitops keys new NAME` makes a key and says where it is",
        ) from error


def trust(keys: Callable[[], tuple[PublicKey, ...]]) -> Trust:
    """Trust in *keys*, which are read once, and only when somebody asks."""
    from mlgitops.adapters.signing import LocalVerifier
    from mlgitops.model.attestation import Trust

    return Trust(cache(keys), LocalVerifier().verify)


def keys_here(root: Path) -> tuple[PublicKey, ...]:
    """The keys in the work tree *root*."""
    from mlgitops.spec import keys

    return keys.read(root)


def keys_at(repository: Repository, commit: str) -> tuple[PublicKey, ...]:
    """The keys in the tree of *commit*; what a link leads to is none."""
    from mlgitops.spec import keys

    paths = tuple(repository.digests([keys.KEY_FOLDER], commit))
    contents = repository.read_blobs(paths, commit)
    return keys.decode(dict(zip(paths, contents, strict=True)))


def private_place(name: str, project: str, environ: Mapping[str, str]) -> Path:
    """Where a private key is written unless a person says otherwise: in their settings.

    Source: XDG Base Directory Specification.
    """
    settings = Path(environ.get("XDG_CONFIG_HOME") or "~/.config")
    return settings / "mlgitops" / "keys" / project / f"{name}.key"
