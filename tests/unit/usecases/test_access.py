from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.ports import Access, Job
from mlgitops.usecases.access import access_to, own_output

ROOT = Path("/repo")
SOURCES = (Path("/repo/data/orders.csv"), Path("/elsewhere/shop.db"))
KEPT = {Path("/repo/.git"), Path("/repo/.mlgitops"), *SOURCES}
OUT = Path("/repo/.mlgitops/work/x/model.job")


def access(job: Job, **request: str) -> Access:
    return access_to(job, request, root=ROOT, sources=SOURCES, output=OUT)


@pytest.mark.parametrize("job", get_args(Job))
def test_every_job_is_kept_from_whatever_holds_answers(job: Job) -> None:
    found = access(job, table="/t")

    assert set(found.withheld) >= KEPT
    assert found.writable == (OUT,)
    assert found.rule


@pytest.mark.parametrize("job", ["features", "train"])
def test_the_users_code_reads_the_checkout_and_its_tables(job: Job) -> None:
    found = access(job, root="/repo", table="/t", raw="/r")

    assert set(found.readable) == {ROOT, Path("/t"), Path("/r")}
    assert set(found.withheld) == KEPT


def test_what_sees_answers_can_leave_them_nowhere() -> None:
    found = access("measure", root="/repo", table="/t")

    assert set(found.readable) == {ROOT, Path("/t")}
    assert {str(path) for path in set(found.withheld) - KEPT} == {"/dev/shm"}  # noqa: S108 - withheld


@pytest.mark.parametrize("job", ["predict", "validate"])
def test_what_needs_no_checkout_has_none(job: Job) -> None:
    found = access(job, model="/m", table="/t")

    assert set(found.readable) == {Path("/m"), Path("/t")}
    assert set(found.withheld) == {ROOT, *KEPT}


def test_a_job_without_output_writes_nowhere() -> None:
    assert access_to("validate", {}, root=ROOT, sources=(), output=None).writable == ()


def test_an_output_is_made_apart_and_put_where_it_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "neighbour").touch()
    with own_output({"out": str(tmp_path / "model"), "seed": 7}) as (asked, folder):
        assert folder is not None
        assert asked["seed"] == 7
        assert [*folder.iterdir()] == []
        assert Path(asked["out"]).parent == folder
        Path(asked["out"]).mkdir()
        Path(asked["out"], "MLmodel").touch()

    assert (tmp_path / "model" / "MLmodel").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "neighbour"]


def test_a_request_without_output_is_left_alone() -> None:
    with own_output({"table": "t"}) as (asked, folder):
        assert (asked, folder) == ({"table": "t"}, None)


def link(out: Path) -> None:
    (out.parent.parent / "answers").touch()
    out.symlink_to(out.parent.parent / "answers")


def nothing(out: Path) -> None:
    assert not out.exists()


@pytest.mark.parametrize("leave", [link, os.mkfifo, nothing])
def test_an_output_that_is_something_else_is_refused(
    tmp_path: Path, leave: Callable[[Path], None]
) -> None:
    """A link could make the main process read the answers as if they were predictions."""
    with (
        pytest.raises(SpecError, match=r"left no file or folder as 'scores\.parquet'"),
        own_output({"out": str(tmp_path / "scores.parquet")}) as (asked, _),
    ):
        leave(Path(asked["out"]))

    assert not (tmp_path / "scores.parquet").exists()


def test_a_job_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with own_output({"out": str(tmp_path / "out")}) as (asked, _):
            Path(asked["out"]).touch()
            raise SpecError("boom")

    with pytest.raises(SpecError, match="boom"):
        fail()
    assert [*tmp_path.iterdir()] == []
