"""keys: who may sign this project's evidence, and signatures for what was released before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlgitops import folders
from mlgitops.model.attestation import PublicKey, Unverified
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Release, Specs
from mlgitops.model.state import Target
from mlgitops.ports import KeyMaker, Signer
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec import keys as key_files
from mlgitops.spec.proof import gaps, signer
from mlgitops.usecases.signing import key_for, signed


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair: where each half was written."""

    key: PublicKey
    private: Path
    public: Path


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key of the work tree or of the project's branch, which alone makes it trusted."""

    key: PublicKey
    is_here: bool
    is_trusted: bool


@dataclass(frozen=True, slots=True)
class SignedRelease:
    """A Release whose evidence was signed now; *path* is the envelope's, below the root."""

    target: Target
    path: str


def new(name: str, root: Path, private: Path, maker: KeyMaker) -> NewKey:
    """Make a key pair: the public half in the work tree *root*, the other in *private*.

    Raises:
        SpecError: *name* is taken or no name, *private* exists, or it lies in the tree,
            where a commit could take it along and jobs could read it.
        Unavailable: the disk refuses a write.
    """
    if key_files.NAME.fullmatch(name) is None:
        raise SpecError(
            f"{name!r} is no name of a key",
            hint="1 to 64 lowercase letters, digits, dots, underscores and hyphens",
        )
    place = private.expanduser().resolve()
    if place.is_relative_to(root.resolve()):
        raise SpecError(
            f"{private} lies in the repository, where a commit could take the private key along",
            hint="name a file elsewhere with --out, in a folder that only you can read",
        )
    public = root / key_files.path(name)
    for taken in (public, place):
        if taken.exists() or taken.is_symlink():
            raise SpecError(f"{taken} is there already", hint="choose another name")
    content, key = maker.generate()
    folders.write_private(place, content)
    folders.write_whole(public, key.encode().encode())
    return NewKey(PublicKey(name, key.raw), place, public)


def known(here: Sequence[PublicKey], trusted: Sequence[PublicKey]) -> tuple[KeyRow, ...]:
    """Every key of the work tree, *here*, and of the project's branch, by name."""
    names = {key.id: key for key in (*here, *trusted)}
    ours, theirs = ({key.id for key in keys} for keys in (here, trusted))
    rows = [KeyRow(key, key.id in ours, key.id in theirs) for key in names.values()]
    return tuple(sorted(rows, key=lambda row: (row.key.name, row.key.id)))


def sign_released(specs: Specs, root: Path, by: Signer) -> tuple[SignedRelease, ...]:
    """Sign what *specs* release without a signature; envelopes are written below *root*.

    For a project that begins to demand signatures. No gate is looked at: whoever holds
    the key vouches for what was merged. Nothing is written unless all can be signed, and
    written files still have to be committed.

    Raises:
        SpecError: the key is not trusted, the evidence of a Release is not what it pins, or
            its signature proves nothing; nothing was written.
        Unavailable: the disk refuses a write.
    """
    key_for(specs, by)
    made: dict[SignedRelease, str] = {}
    for release in specs.releases.values():
        content = _unsigned(release, specs)
        envelopes = signed(content, specs, by) if content is not None else {}
        target = Target(release.environment, release.model)
        made |= {SignedRelease(target, path): text for path, text in envelopes.items()}
    for one, text in made.items():
        folders.write_whole(root / one.path, text.encode())
    return tuple(made)


def _unsigned(release: Release, specs: Specs) -> bytes | None:
    """The evidence of *release*, which is proven; None where it is signed or needs no proof."""
    pin = release.desired
    if pin is None:
        return None
    for gap in gaps(release, specs.evidence):
        raise SpecError(
            f"the release {release.environment}/{release.model} is not proven: {gap.message}",
            hint=gap.hint,
        )
    try:
        if signer(release, specs) is not None:
            return None
    except Unverified as error:
        raise SpecError(
            f"{release.environment}/{release.model} has a signature that proves nothing: {error}",
            hint="find out who changed it, and bring it back or delete it",
        ) from error
    return specs.evidence(evidence_file.path(pin.evidence, pin.candidate, release.model))
