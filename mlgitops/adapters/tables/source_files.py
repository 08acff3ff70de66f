"""Which files a source names, in order, each proven to lie below the root.

`SpecError` leaves here for a path that matches nothing or leads elsewhere.
Folders are walked by hand rather than with `glob`, which follows links to
folders, in circles too. Standard library only: a run in which nothing changed
comes through here and must not load Arrow.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mlgitops.model.dataset import Source
from mlgitops.model.errors import SpecError

_WILDCARDS = frozenset("*?[")
_ANY = frozenset({"*", "**"})
# Arrow's own convention: `.crc`, `_SUCCESS` and the like are not data.
_IGNORED_PREFIXES = (".", "_")


class SourceFile(NamedTuple):
    """One regular file: *name* is relative to the root, *path* absolute.

    *path* is text, as ten thousand `Path`s take as long as hashing their files.
    *stamp* is its size and time of change, to see whether it changed meanwhile.
    """

    name: str
    path: str
    stamp: tuple[int, int]


def source_files(root: Path, source: Source) -> tuple[SourceFile, ...]:
    """List the files of *source*, sorted by name; never empty.

    Raises:
        SpecError: no file, not a regular file, or one outside *root*.
    """
    top = root.resolve()
    owner = f"source {source.name!r}"
    try:
        names = _names(top, source, owner)
    except OSError as error:
        raise SpecError(f"{owner}: {source.location!r} cannot be read: {error.strerror}") from error
    if not names:
        raise SpecError(
            f"{owner}: no file matches {source.location!r}",
            hint="the path is relative to the repository's root; ** stands for any folders",
        )
    return tuple(_source_file(top, name, owner) for name in names)


def has_changed(file: SourceFile) -> bool:
    """Whether the file is another one than when it was listed."""
    try:
        return _stamp(Path(file.path).stat()) != file.stamp
    except OSError:
        return True


def path_below(root: Path, location: str, owner: str) -> Path:
    """The absolute path of *location*, which *owner* names, checked to lie below *root*.

    Raises:
        SpecError: it is absolute, has a `..`, or is a link that leads outside.
    """
    return _inside(root.resolve(), "/".join(_relative_parts(location, owner)), owner)


def _names(top: Path, source: Source, owner: str) -> list[str]:
    parts = _relative_parts(source.location, owner)
    if source.kind == "files":
        return sorted(set(_expand(top, parts, owner)))
    name = "/".join(parts)
    _require_file(top, name, owner)
    return [name]


def _relative_parts(location: str, owner: str) -> tuple[str, ...]:
    parts = PurePosixPath(location).parts
    if not parts or "\0" in location:
        raise SpecError(f"{owner}: {location!r} names no file")
    if parts[0].startswith("/") or ".." in parts:
        raise SpecError(
            f"{owner}: {location!r} leads out of the repository",
            hint="give a path relative to the repository's root, without '..'; "
            "copy the data below it, or read it from a database",
        )
    return parts


def _inside(top: Path, name: str, owner: str) -> Path:
    try:
        path = (top / name).resolve()
    except RuntimeError as error:
        raise SpecError(f"{owner}: {name!r} is a link to itself") from error
    if not path.is_relative_to(top):
        raise SpecError(
            f"{owner}: {name!r} is a link that leads out of the repository",
            hint="replace the link by the data itself",
        )
    return path


def _require_file(top: Path, name: str, owner: str) -> None:
    path = _inside(top, name, owner)
    if path.is_dir():
        raise SpecError(
            f"{owner}: {name!r} is a folder, not one file",
            hint="a source of kind files reads a folder or a glob",
        )
    if not path.exists():
        raise SpecError(f"{owner}: there is no file {name!r}", hint=_near_files(top, name))


def _near_files(top: Path, name: str) -> str:
    from difflib import get_close_matches

    folder, _, base = name.rpartition("/")
    try:
        near = get_close_matches(base, [path.name for path in (top / folder).iterdir()], n=3)
    except OSError:
        return f"there is no folder {folder!r} below the repository's root either"
    if not near:
        return "the path is relative to the repository's root"
    return "did you mean " + " or ".join(repr(f"{folder}/{n}".lstrip("/")) for n in near) + "?"


def _expand(top: Path, parts: Sequence[str], owner: str) -> Iterator[str]:
    """Names that match; a folder stands for all files below it."""
    literal = 0
    while literal < len(parts) and not _WILDCARDS.intersection(parts[literal]):
        literal += 1
    prefix = "/".join(parts[:literal])
    path = _inside(top, prefix, owner)
    if path.is_dir():
        yield from _walk(path, prefix, tuple(parts[literal:]) or ("**", "*"), owner)
    elif path.exists() and literal == len(parts):
        yield prefix


def _walk(folder: str | Path, name: str, pattern: tuple[str, ...], owner: str) -> Iterator[str]:
    head, rest = pattern[0], pattern[1:]
    if head == "**" and rest:
        yield from _walk(folder, name, rest, owner)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_IGNORED_PREFIXES):
                continue
            if head not in _ANY and not fnmatchcase(entry.name, head):
                continue
            below = f"{name}/{entry.name}" if name else entry.name
            if _is_folder(entry, below, owner):
                if head == "**" or rest:
                    yield from _walk(entry.path, below, pattern if head == "**" else rest, owner)
            elif not rest:
                yield below


def _is_folder(entry: os.DirEntry[str], name: str, owner: str) -> bool:
    if not entry.is_symlink():
        return entry.is_dir(follow_symlinks=False)
    if entry.is_dir():
        raise SpecError(
            f"{owner}: {name!r} is a link to a folder",
            hint="links to folders are not followed; name the folder itself",
        )
    return False


def _source_file(top: Path, name: str, owner: str) -> SourceFile:
    path = f"{top}/{name}"
    try:
        state = os.lstat(path)
        if stat.S_ISLNK(state.st_mode):
            target = _inside(top, name, owner)
            path, state = str(target), target.stat()
    except OSError as error:
        raise SpecError(f"{owner}: {name!r} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(state.st_mode):
        raise SpecError(f"{owner}: {name!r} is not a regular file")
    return SourceFile(name, path, _stamp(state))


def _stamp(state: os.stat_result) -> tuple[int, int]:
    return state.st_size, state.st_mtime_ns
