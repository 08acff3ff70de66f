"""Hashes files and folders on disk, and writes files whole or not at all.

Standard library only, so that a run with nothing to do stays fast.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mlgitops.model.digest import FileEntry, Manifest
from mlgitops.model.errors import SpecError, Unavailable

OURS = ".mlgitops"
"""The folder at the top of a repository that is ours."""

_SMALL_BYTES = 1 << 20


def file_sha256(path: Path) -> str:
    """64 hex digits of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digests(paths: list[Path]) -> list[str]:
    """`sha256:…` of every file, in the order given; two files at a time if large."""
    if len(paths) < 2 or all(path.stat().st_size < _SMALL_BYTES for path in paths):
        return [f"sha256:{file_sha256(path)}" for path in paths]
    from concurrent.futures import ThreadPoolExecutor  # brings logging: 5 ms

    with ThreadPoolExecutor(max_workers=2) as pool:
        return [f"sha256:{found}" for found in pool.map(file_sha256, paths)]


def manifest(folder: Path) -> Manifest:
    """Every file below *folder*.

    Raises:
        SpecError: a symbolic link or special file is among them.
    """
    entries = [
        FileEntry(path.relative_to(folder).as_posix(), path.stat().st_size, file_sha256(path))
        for path in regular_files(folder)
    ]
    return Manifest(tuple(sorted(entries)))


def regular_files(folder: Path) -> Iterator[Path]:
    """All files below *folder*, in no order.

    Raises:
        SpecError: a symbolic link or special file is among them.
    """
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(parent, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise SpecError(
                    f"{path.relative_to(folder)} is a link or a special file",
                    hint="a folder that is named by its content holds regular files only",
                )
        yield from (Path(parent, name) for name in names)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is either as before or complete.

    Raises:
        Unavailable: the disk is full or refuses the write.
    """
    # Named here, as importing `tempfile` takes longer than all else that is done.
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise disk_error(path, error) from error


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that nobody but its owner can read, whatever the umask.

    Raises:
        Unavailable: there is such a file, or the disk refuses the write.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise disk_error(path, error) from error


def hide_from_git(folder: Path) -> None:
    """Keep *folder*, which is ours, out of commits.

    Raises:
        Unavailable: the disk is full or refuses the write.
    """
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_whole(ignore, b"*\n")


def disk_error(path: Path, error: OSError) -> Unavailable:
    """What to tell a person about a write that the disk refused."""
    return Unavailable(
        f"cannot write {path}: {error.strerror or error}",
        hint="free some space or check the folder's permissions, then run the same command again",
    )
