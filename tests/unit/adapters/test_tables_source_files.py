from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlgitops.adapters.tables.source_files import has_changed, path_below, source_files
from mlgitops.model.dataset import Source, SourceKind
from mlgitops.model.errors import SpecError


def names(root: Path, kind: SourceKind, location: str) -> list[str]:
    return [file.name for file in source_files(root, Source("s", kind, location))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for name in (
        "data/2013/02.csv",
        "data/2013/01.csv",
        "data/2014/01.csv",
        "data/2014/deep/03.csv",
        "data/2014/notes.txt",
        "data/.hidden/04.csv",
        "data/_SUCCESS",
        "top.csv",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n")
    return root


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("data/2013/*.csv", ["data/2013/01.csv", "data/2013/02.csv"]),
        ("data/*/01.csv", ["data/2013/01.csv", "data/2014/01.csv"]),
        ("data/201[34]/0?.csv", ["data/2013/01.csv", "data/2013/02.csv", "data/2014/01.csv"]),
        ("data/2014/**/*.csv", ["data/2014/01.csv", "data/2014/deep/03.csv"]),
        ("**/0[13].csv", ["data/2013/01.csv", "data/2014/01.csv", "data/2014/deep/03.csv"]),
        ("*.csv", ["top.csv"]),
        ("data/2014", ["data/2014/01.csv", "data/2014/deep/03.csv", "data/2014/notes.txt"]),
        ("./data/2013/", ["data/2013/01.csv", "data/2013/02.csv"]),
        ("top.csv", ["top.csv"]),
    ],
)
def test_globs_and_folders_give_files_sorted_by_name(
    root: Path, location: str, expected: list[str]
) -> None:
    assert names(root, "files", location) == expected


def test_a_plain_source_is_one_file(root: Path) -> None:
    assert names(root, "csv", "data/2013/01.csv") == ["data/2013/01.csv"]


@pytest.mark.parametrize(
    ("kind", "location", "message"),
    [
        ("files", "data/*.parquet", "no file matches"),
        ("files", "nowhere", "no file matches"),
        ("files", "nowhere/*.csv", "no file matches"),
        ("csv", "data/2013/03.csv", "there is no file 'data/2013/03.csv'"),
        ("csv", "data/2013", "is a folder"),
        ("csv", "data/*.csv", "there is no file"),
        ("csv", "/etc/passwd", "leads out"),
        ("files", "/etc/*", "leads out"),
        ("csv", "//etc/passwd", "leads out"),
        ("csv", "../secret.csv", "leads out"),
        ("files", "data/../../*.csv", "leads out"),
        ("csv", "", "names no file"),
        ("csv", "a\0b", "names no file"),
        ("csv", "top.csv/x.csv", "there is no file"),
        ("csv", "x" * 300, "cannot be read: File name too long"),
        ("files", "x" * 300 + "/*.csv", "cannot be read: File name too long"),
    ],
)
def test_what_names_no_file_below_the_root_is_refused(
    root: Path, kind: SourceKind, location: str, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        names(root, kind, location)


def test_a_missing_file_is_answered_with_near_names(root: Path) -> None:
    with pytest.raises(SpecError) as caught:
        names(root, "csv", "data/2013/1.csv")

    assert caught.value.hint == "did you mean 'data/2013/01.csv' or 'data/2013/02.csv'?"


def test_a_missing_folder_is_named(root: Path) -> None:
    with pytest.raises(SpecError) as caught:
        names(root, "csv", "date/2013/01.csv")

    assert caught.value.hint == "there is no folder 'date/2013' below the repository's root either"


def test_links_may_not_lead_out_of_the_root(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (root / "data/2013/out.csv").symlink_to(tmp_path / "secret.csv")
    (root / "outside").symlink_to(tmp_path)

    for kind, location in (
        ("csv", "data/2013/out.csv"),
        ("files", "data/2013/*.csv"),
        ("csv", "outside/secret.csv"),
        ("files", "outside/*.csv"),
    ):
        with pytest.raises(SpecError, match="leads out"):
            names(root, kind, location)  # type: ignore[arg-type]


def test_a_link_to_a_file_below_the_root_is_read(root: Path) -> None:
    (root / "data/2013/link.csv").symlink_to(root / "top.csv")

    file = source_files(root, Source("s", "csv", "data/2013/link.csv"))[0]

    assert file.name == "data/2013/link.csv"
    assert Path(file.path) == (root / "top.csv").resolve()


def test_links_to_folders_below_a_glob_are_refused_rather_than_skipped(root: Path) -> None:
    (root / "data/again").symlink_to(root / "data")

    with pytest.raises(SpecError, match="'data/again' is a link to a folder"):
        names(root, "files", "data")


def test_links_to_nothing_and_to_themselves_are_refused(root: Path) -> None:
    (root / "data/2013/gone.csv").symlink_to(root / "gone.csv")
    (root / "loop.csv").symlink_to(root / "loop.csv")

    with pytest.raises(SpecError):
        names(root, "files", "data/2013/*.csv")
    with pytest.raises(SpecError):
        names(root, "csv", "loop.csv")


def test_a_pipe_is_refused_without_waiting_for_it(root: Path) -> None:
    os.mkfifo(root / "pipe.csv")

    with pytest.raises(SpecError, match="not a regular file"):
        names(root, "csv", "pipe.csv")


def test_a_changed_or_deleted_file_is_noticed(root: Path) -> None:
    file = source_files(root, Source("s", "csv", "top.csv"))[0]
    assert not has_changed(file)

    Path(file.path).write_text("a\n1\n2\n")
    assert has_changed(file)

    Path(file.path).unlink()
    assert has_changed(file)


def test_path_below_refuses_what_leads_out(root: Path) -> None:
    assert path_below(root, "top.csv", "it") == (root / "top.csv").resolve()
    with pytest.raises(SpecError, match=r"^it: '\.\./x' leads out"):
        path_below(root, "../x", "it")
