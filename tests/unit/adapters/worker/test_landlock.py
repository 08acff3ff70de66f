from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from mlgitops.adapters.worker import landlock
from mlgitops.adapters.worker.landlock import EVERYTHING, LIST, READ, Right

ROOT = {Path("/"): READ}


def in_a_child(rules: dict[Path, Right], deed: Callable[[], object]) -> str:
    """What becomes of *deed* in a process that keeps *rules* only."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        said = "done"
        try:
            landlock.restrict(rules)
            deed()
        except BaseException as error:  # noqa: BLE001 - it has to cross the process border
            said = type(error).__name__
        os.write(writer, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        return pipe.read()


@pytest.fixture
def abi(require: Callable[[str, str], NoReturn]) -> int:
    version = landlock.abi()
    if not version:
        require("Landlock", "this machine's kernel does not have it")
    return version


@pytest.mark.parametrize(
    ("version", "lacks"),
    [
        (1, {Right.REFER, Right.TRUNCATE, Right.IOCTL_DEV, Right.RESOLVE_UNIX}),
        (2, {Right.TRUNCATE, Right.IOCTL_DEV, Right.RESOLVE_UNIX}),
        (4, {Right.IOCTL_DEV, Right.RESOLVE_UNIX}),
        (8, {Right.RESOLVE_UNIX}),
        (99, set()),
    ],
)
def test_only_rights_that_the_kernel_knows_are_asked_for(version: int, lacks: set[Right]):
    assert set(Right) - set(landlock.known(version)) == lacks


def test_what_is_not_allowed_is_refused_for_good(abi: int, tmp_path: Path):
    allowed, secret = tmp_path / "allowed", tmp_path / "secret"
    allowed.mkdir()
    (allowed / "file").touch()
    secret.touch()
    rules = {allowed: READ}

    def widen() -> None:
        landlock.restrict({tmp_path: EVERYTHING, Path("/proc"): READ})
        secret.read_bytes()

    assert in_a_child(rules, (allowed / "file").read_bytes) == "done"
    assert in_a_child(rules, lambda: [*allowed.iterdir()]) == "done"
    assert in_a_child(rules, secret.read_bytes) == "PermissionError"
    assert in_a_child(rules, lambda: [*tmp_path.iterdir()]) == "PermissionError"
    assert in_a_child(rules, (allowed / "new").touch) == "PermissionError"
    assert in_a_child({**rules, Path("/proc"): READ}, widen) == "PermissionError"


def test_a_folder_may_be_listed_without_its_files_being_read(abi: int, tmp_path: Path):
    (tmp_path / "file").touch()
    rules = {tmp_path: LIST}

    assert in_a_child(rules, lambda: [*tmp_path.iterdir()]) == "done"
    assert in_a_child(rules, (tmp_path / "file").read_bytes) == "PermissionError"


def test_all_that_is_done_with_files_can_be_done_where_all_is_allowed(abi: int, tmp_path: Path):
    def work() -> None:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
        (tmp_path / "a/file").write_text("x")
        os.truncate(tmp_path / "a/file", 0)
        if abi >= 2:  # the first could not move between folders at all
            (tmp_path / "a/file").rename(tmp_path / "b/file")
        (tmp_path / "link").symlink_to("b")
        os.mkfifo(tmp_path / "pipe")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "socket"))
        (tmp_path / "pipe").unlink()

    assert in_a_child({tmp_path: EVERYTHING}, work) == "done"


def test_what_the_process_starts_is_held_too(abi: int, tmp_path: Path):
    (tmp_path / "secret").touch()
    rules = {Path("/usr"): READ, Path("/lib"): READ, Path("/lib64"): READ, Path("/bin"): READ}
    command = ["/bin/cat", str(tmp_path / "secret")]

    def start() -> None:
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE)

    rules |= {Path("/dev/null"): EVERYTHING}
    assert in_a_child(rules, start) == "CalledProcessError"
    assert in_a_child({**rules, tmp_path: READ}, start) == "done"


def test_a_rule_for_a_file_or_for_nothing_is_a_rule(abi: int, tmp_path: Path):
    file = tmp_path / "file"
    file.touch()

    rules = {file: EVERYTHING, tmp_path / "absent": EVERYTHING}
    assert in_a_child(rules, lambda: file.write_text("x")) == "done"


def test_signals_and_abstract_sockets_stay_within(abi: int):
    if abi < 6:
        pytest.skip("this machine's Landlock knows no scopes")
    name = f"\0mlgitops-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as own:
        listening.bind(name)
        listening.listen()

        assert in_a_child(ROOT, lambda: own.connect(name)) == "PermissionError"
    assert in_a_child(ROOT, lambda: os.kill(os.getppid(), 0)) == "PermissionError"
    assert in_a_child(ROOT, lambda: os.kill(os.getpid(), 0)) == "done"


def test_no_wall_is_built_while_another_thread_is_outside_of_it(abi: int):
    begun, done = threading.Event(), threading.Event()

    def build() -> None:
        other = threading.Thread(target=lambda: (begun.set(), done.wait()))
        other.start()
        begun.wait()
        try:
            landlock.restrict(ROOT)
        finally:
            done.set()

    # In a child that first allows itself everything, as it could not be undone here.
    assert in_a_child({Path("/"): EVERYTHING}, build) == "RuntimeError"
