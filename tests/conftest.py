"""What every test stands on: no one's home, no one's credentials, no network identity."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from mlgitops.ports import Worker
    from tests.fakes.laboratory import Laboratory

# No example database: nothing is written beside the tests, and no run depends on the last.
settings.register_profile("mlgitops", deadline=None, database=None)
settings.load_profile("mlgitops")

_OTHERS = ("GITHUB_", "MLFLOW_", "GIT_", "MLGITOPS_INPUT", "MLGITOPS_OUTPUT", "MLGITOPS_SIGNING")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the code says now into the golden files; review the diff",
    )


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new home, a git identity, and none of the variables that change what tools do."""
    home = tmp_path_factory.mktemp("home")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts what it runs in the background so, and our children would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):  # noqa: TID251 - tests decide what the code may read
            if name.startswith(_OTHERS):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Ada Example")
            patch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a golden file, or write the file under `--update-golden`."""

    def compare(file: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def require() -> Callable[[str, str], NoReturn]:
    """Skip for want of a service, or fail where all services must be there."""

    def stop(service: str, reason: str) -> NoReturn:
        if os.environ.get("MLGITOPS_REQUIRE_SERVICES") == "1":  # noqa: TID251 - set by .ci/run
            pytest.fail(f"{service} is required: {reason}")
        pytest.skip(f"{service}: {reason}")

    return stop


@pytest.fixture
def mount_disk(
    tmp_path: Path, require: Callable[[str, str], NoReturn]
) -> Iterator[Callable[[Path, int], None]]:
    """Mount a new file system of so many KiB on a folder, until the test ends."""
    mounted: list[Path] = []

    def mount(folder: Path, kib: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            require("a mount of a small disk", str(error))
        if done.returncode:
            require("a mount of a small disk", done.stderr.strip())
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="session")
def lab_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A real worker that is warm after its first jobs."""
    from mlgitops.adapters.process_worker.worker import ProcessWorker

    folder = tmp_path_factory.mktemp("worker")
    # One thread: two that wait for each other on a busy machine take many times as long.
    environment = {"PATH": os.defpath, "OMP_NUM_THREADS": "1"}
    with ProcessWorker(folder, folder, environment) as worker:
        yield worker


@pytest.fixture(scope="session")
def _walked(tmp_path_factory: pytest.TempPathFactory, lab_worker: Worker) -> Laboratory:
    from tests.fakes.laboratory import Laboratory

    made = Laboratory.create(tmp_path_factory.mktemp("laboratory"), lab_worker)
    walked = made.run("churn")
    assert walked.error is None
    return made


@pytest.fixture
def laboratory(tmp_path: Path, _walked: Laboratory) -> Laboratory:
    """A repository of the test's own, in which `churn` was run once."""
    return _walked.copy(tmp_path / "laboratory")
