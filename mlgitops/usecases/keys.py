"""keys: who may sign this project's evidence, and signatures for what was released before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlgitops import folders
from mlgitops.model.attestation import PublicKey
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Release, Specs
from mlgitops.model.state import Target
from mlgitops.ports import KeyMaker, Repository, Signer
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec import keys as key_files
from mlgitops.spec.proof import gaps, is_signed, signature_gap, way_back
from mlgitops.usecases.holds import revisions
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
    """A version whose evidence was signed now; *path* is the envelope's, below the root.

    One that is not *is_live* in git was released before: a rollback may bring it back.
    """

    target: Target
    version: int
    path: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class UnsignedRelease:
    """A version that a rollback would bring back, and why it could not be signed."""

    target: Target
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class SigningRound:
    """What was signed, and what was left out; both empty where all was signed before."""

    made: tuple[SignedRelease, ...]
    left: tuple[UnsignedRelease, ...]


def new(
    name: str, root: Path, private: Path, maker: KeyMaker, *, is_our_folder: bool = False
) -> NewKey:
    """Make a key pair: the public half in the work tree *root*, the other in *private*.

    *is_our_folder*: nothing but keys is kept beside *private*, so git is told to pass over
    all of it, should a person's settings be in a repository of their own.

    Raises:
        SpecError: *name* is taken or no name, *private* exists, or it lies in the tree,
            where a commit could take it along and jobs could read it, or in another one.
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
    if not is_our_folder:
        _refuse_repository(place)
    public = root / key_files.path(name)
    for taken in (public, place):
        if taken.exists() or taken.is_symlink():
            raise SpecError(f"{taken} is there already", hint="choose another name")
    content, key = maker.generate()
    folders.write_private(place, content)
    if is_our_folder:
        folders.hide_from_git(place.parent)
    folders.write_whole(public, key.encode().encode())
    return NewKey(PublicKey(name, key.raw), place, public)


def _refuse_repository(place: Path) -> None:
    """No repository that has no rule of ours is to have a private key in its work tree."""
    for folder in place.parents:
        if (folder / ".git").exists():
            raise SpecError(
                f"{place} lies in the repository {folder}, where a commit could take the private "
                "key along",
                hint="leave out --out, or name a file in a folder of no repository",
            )


def known(here: Sequence[PublicKey], trusted: Sequence[PublicKey]) -> tuple[KeyRow, ...]:
    """Every key of the work tree, *here*, and of the project's branch, by name."""
    names = {key.id: key for key in (*here, *trusted)}
    ours, theirs = ({key.id for key in keys} for keys in (here, trusted))
    rows = [KeyRow(key, key.id in ours, key.id in theirs) for key in names.values()]
    return tuple(sorted(rows, key=lambda row: (row.key.name, row.key.id)))


def sign_released(specs: Specs, root: Path, by: Signer) -> SigningRound:
    """Sign what *specs* release, and what a rollback brings back, where no signature is.

    For a project that begins to demand signatures. No gate is looked at: whoever holds
    the key vouches for what was merged. Envelopes are written below *root* and still have
    to be committed; what is signed already is left as it is. Nothing is written unless all
    that is released can be signed; what came before is told as left out if it cannot be.

    Raises:
        SpecError: the key is not trusted, the evidence of a Release is not what it pins, or
            its signature proves nothing; nothing was written.
        Unavailable: the disk refuses a write.
    """
    key_for(specs, by)
    made: dict[SignedRelease, str] = {}
    left: list[UnsignedRelease] = []
    for release in specs.releases.values():
        made |= _made(release, specs, by)
        if release.previous is None:
            continue
        before = replace(release, desired=release.previous, previous=None)
        try:
            made |= _made(before, specs, by, is_live=False)
        except SpecError as error:
            left.append(UnsignedRelease(_target(before), release.previous.version, error.message))
    _write(made, root)
    return SigningRound(tuple(made), tuple(left))


def sign_version(release: Release, specs: Specs, root: Path, by: Signer) -> SigningRound:
    """Sign what *release* wants, as `sign_released` does, however long ago that was merged.

    Raises:
        SpecError, Unavailable: as `sign_released`.
    """
    key_for(specs, by)
    current = specs.releases.get((release.environment, release.model))
    is_live = current is not None and current.desired == release.desired
    made = _made(release, specs, by, is_live=is_live)
    _write(made, root)
    return SigningRound(tuple(made), ())


def release_of(target: Target, version: int, specs: Specs, repository: Repository) -> Release:
    """The Release that wants, or last wanted, *version* as *target*.

    Those of *specs* come first, then those that the history of HEAD has.

    Raises:
        SpecError: there is none, or the clone is shallow.
    """
    current = specs.releases.get((target.environment, target.model))
    for pin in (current.desired, current.previous) if current else ():
        if pin is not None and pin.version == version:
            return Release(target.model, target.environment, desired=pin, previous=None)
    for revision in reversed(revisions(repository, target, "HEAD")):
        if revision.release and revision.desired and revision.desired.version == version:
            return revision.release
    raise SpecError(f"v{version} was never released as {target}", hint="mlgitops status")


def _made(
    release: Release, specs: Specs, by: Signer, *, is_live: bool = True
) -> dict[SignedRelease, str]:
    """The envelope of what *release* wants, which is proven; none where it has one already."""
    pin, target = release.desired, _target(release)
    if pin is None:
        return {}
    gap = next(gaps(release, specs.evidence), None) or signature_gap(
        release, specs, is_required=False
    )
    if gap is not None:
        message = f"the release of v{pin.version} as {target} is not proven: {gap.message}"
        raise SpecError(message, hint=gap.advice(way_back(release)))
    content = specs.evidence(evidence_file.path(pin.evidence, pin.candidate, release.model))
    if content is None or is_signed(release, specs):
        return {}
    return {
        SignedRelease(target, pin.version, path, is_live): text
        for path, text in signed(content, specs, by).items()
    }


def _write(made: Mapping[SignedRelease, str], root: Path) -> None:
    for one, text in made.items():
        folders.write_whole(root / one.path, text.encode())


def _target(release: Release) -> Target:
    return Target(release.environment, release.model)
