from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops import folders
from mlgitops.model.digest import FileEntry
from mlgitops.model.errors import SpecError, Unavailable

NAMES = st.text("abc", min_size=1, max_size=3)
# A name is never a file and a folder at once, since files end in `.txt`.
TREES = st.dictionaries(
    st.tuples(st.lists(NAMES, max_size=2), NAMES).map(lambda p: "/".join([*p[0], f"{p[1]}.txt"])),
    st.binary(max_size=20),
    max_size=6,
)


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_a_file_is_named_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")

    assert folders.file_sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("size", [10, folders._SMALL_BYTES + 1])
def test_digests_keep_the_order_however_large_the_files(tmp_path: Path, size: int) -> None:
    contents = [bytes([number]) * size for number in range(5)]
    paths = [tmp_path / str(number) for number in range(5)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)

    assert folders.digests(paths) == [
        f"sha256:{hashlib.sha256(content).hexdigest()}" for content in contents
    ]


@given(files=TREES)
def test_a_manifest_lists_every_file_sorted(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("tree") / "folder"
    write(folder, files)

    assert folders.manifest(folder).files == tuple(
        FileEntry(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in sorted(files.items())
    )


@given(one=TREES, other=TREES)
def test_two_folders_have_one_digest_only_if_they_are_equal(
    tmp_path_factory: pytest.TempPathFactory, one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("trees")
    write(folder / "one", one)
    write(folder / "other", other)

    digests = [folders.manifest(folder / name).digest for name in ("one", "other")]

    assert (digests[0] == digests[1]) == (one == other)


@pytest.mark.parametrize("kind", ["file", "folder", "dangling", "pipe"])
def test_a_link_or_special_file_has_no_manifest(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "folder", {"sub/model.pkl": b"x"})
    odd = tmp_path / "folder" / "sub" / "odd"
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        target = {"file": "model.pkl", "folder": "..", "dangling": "nowhere"}[kind]
        odd.symlink_to(target)

    with pytest.raises(SpecError, match="sub/odd is a link or a special file"):
        folders.manifest(tmp_path / "folder")


def test_a_file_is_written_whole_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.json"

    folders.write_whole(path, b"one")
    folders.write_whole(path, b"two")

    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, mount_disk: Callable[[Path, int], None]
) -> None:
    disk = tmp_path / "disk"
    mount_disk(disk, 64)
    folders.write_whole(disk / "a", b"before")

    with pytest.raises(Unavailable, match=r"cannot write .*disk/a: No space left on device"):
        folders.write_whole(disk / "a", bytes(1 << 20))

    assert (disk / "a").read_bytes() == b"before"
    assert list(disk.iterdir()) == [disk / "a"]


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")

    with pytest.raises(Unavailable) as caught:
        folders.write_whole(tmp_path / "a" / "b", b"x")

    assert caught.value.hint is not None


def test_a_folder_is_hidden_from_git_once(tmp_path: Path) -> None:
    folders.hide_from_git(tmp_path / "ours")
    ignore = tmp_path / "ours" / ".gitignore"

    assert ignore.read_text() == "*\n"

    ignore.write_text("# mine\n")
    folders.hide_from_git(tmp_path / "ours")

    assert ignore.read_text() == "# mine\n"


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "ci.key"
    umask = os.umask(0)
    try:
        folders.write_private(place, b"secret")
    finally:
        os.umask(umask)

    assert place.read_bytes() == b"secret"
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700


def test_a_private_file_replaces_nothing_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    for name in ("there", "link"):
        with pytest.raises(Unavailable, match="cannot write"):
            folders.write_private(tmp_path / name, b"secret")

    assert (tmp_path / "there").read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()
