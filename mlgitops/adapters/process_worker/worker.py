"""Runs jobs on user code in zone Z0: warm processes that fork a child per job.

A *zygote* imports what its jobs need while the main process goes on, so that the
imports are paid once; each job is a fresh child of it, in its own session, with
an environment of ours, folders of its own, and a wall around the files that it
may touch. What the processes are asked is `mlgitops.adapters.worker.program`.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Self

from mlgitops.adapters.process_worker import answers, environment
from mlgitops.adapters.process_worker.zygote import SECONDS_TO_END, Zygote
from mlgitops.model.errors import SpecError
from mlgitops.ports import Access, Hear, Job

# Not -I, which would ignore PYTHONHASHSEED: the environment is ours anyway, and
# -s and -P keep the user's site-packages and the working directory off sys.path.
_PYTHON = (sys.executable, "-s", "-P", "-m", "mlgitops.adapters.worker.program")
# Jobs of one group share a zygote; the extra is what its imports come with.
_GROUPS: tuple[tuple[str, tuple[Job, ...]], ...] = (
    ("train", ("features", "train", "predict", "measure")),
    ("data", ("validate",)),
)
# System V's shared memory goes with the network: it would outlive the job that wrote to it.
_ISOLATIONS = (
    ("unshare", "--user", "--map-root-user", "--net", "--ipc"),
    ("unshare", "--net", "--ipc"),
)


class ProcessWorker:
    """A worker for the repository at *root*, which is the jobs' working directory.

    *scratch* is an existing folder for logs and answers; what is written there is
    gone after `close`. Of *given*, an environment, only what is harmless is passed
    on. *timeout_s* ends a job that runs longer; None lets it run.
    """

    def __init__(
        self,
        root: Path,
        scratch: Path,
        given: Mapping[str, str],
        *,
        timeout_s: float | None = None,
    ) -> None:
        self._root = root
        self._scratch = scratch
        self._given = given
        self._timeout_s = timeout_s
        self._zygotes: dict[str, Zygote] = {}
        self._starting = threading.Lock()
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def warm(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._zygote(job)

    def run(
        self, job: Job, request: Mapping[str, Any], access: Access, hear: Hear | None = None
    ) -> dict[str, Any]:
        zygote = self._zygote(job)
        with self._desk(job, hear) as desk:
            order = {
                "job": job,
                "request": dict(request),
                "answer": str(desk.answer),
                "log": desk.log.name,
                "environment": environment.of_job(desk.home, desk.temporary),
                "access": self._access(access, desk),
            }
            try:
                status = zygote.run(order, self._timeout_s)
            except TimeoutError as error:
                self._forget(zygote)
                raise SpecError(
                    f"the job {job!r} did not end within {self._timeout_s:g} s",
                    details=answers.tail(desk.log),
                ) from error
            except BaseException:  # also ^C: no job outlives the call that asked for it
                self._forget(zygote)
                raise
            said, answer = answers.tail(desk.log), answers.read(job, desk.answer)
            if status or answer is None:
                raise answers.died(job, status, said)
            return answers.result(job, answer, said, access.rule if zygote.has_wall else "")

    @property
    def sandbox(self) -> str:
        held = ["process"]
        if self._isolation:
            held.append("no-network")
        if self._zygote("predict").has_wall:
            held.append("files")
        return "+".join(held)

    def close(self) -> None:
        with self._starting:
            zygotes, self._zygotes = list(self._zygotes.values()), {}
        for zygote in zygotes:
            zygote.close()
        for name in ("_folder", "_temporary"):
            folder = self.__dict__.pop(name, None)
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _access(self, access: Access, desk: _Desk) -> dict[str, list[str]]:
        """*access* with the job's own folders, and all that is not Python's business."""
        theirs = {
            "readable": access.readable,
            "writable": (*access.writable, desk.folder, desk.temporary),
            "withheld": (*access.withheld, self._folder),
        }
        home = self._given.get("HOME")
        return {
            **{name: [str(path) for path in paths] for name, paths in theirs.items()},
            "private": [home] if home else [],
        }

    @contextmanager
    def _desk(self, job: Job, hear: Hear | None) -> Iterator[_Desk]:
        """New folders for one job, that no other job can touch."""
        with self._starting:  # two threads must not make two of a folder
            number = next(self._numbers)
            folder = self._folder / f"{number}-{job}"
            temporary = self._temporary / str(number)
        (folder / "home").mkdir(parents=True)
        temporary.mkdir()
        try:
            # Read by this descriptor, as the job could put a link in the log's place.
            with (folder / "log").open("x+b") as log:
                try:
                    yield _Desk(folder, temporary, log)
                finally:
                    if hear is not None:
                        hear(answers.printed(log))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(temporary, ignore_errors=True)

    def _zygote(self, job: Job) -> Zygote:
        extra, jobs = next(group for group in _GROUPS if job in group[1])
        with self._starting:
            if extra not in self._zygotes:
                command = [*self._isolation, *_PYTHON, *jobs]
                if self._isolation:
                    command.append("--loopback")
                if not sys.platform.startswith("linux"):
                    command.append("--spawn")
                log = self._folder / f"{extra}.log"
                self._zygotes[extra] = Zygote(command, self._environment, self._root, log, extra)
            return self._zygotes[extra]

    def _forget(self, zygote: Zygote) -> None:
        with self._starting:
            self._zygotes = {k: kept for k, kept in self._zygotes.items() if kept is not zygote}
        zygote.close()

    @cached_property
    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="worker-", dir=self._scratch)).resolve()

    @cached_property
    def _temporary(self) -> Path:
        """Not below `_folder`: a socket's path may have 107 characters and no more."""
        return Path(tempfile.mkdtemp(prefix="mlgitops-")).resolve()

    @cached_property
    def _environment(self) -> dict[str, str]:
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        return environment.of_workers(self._given, home)

    @cached_property
    def _isolation(self) -> tuple[str, ...]:
        """The command that takes the network away, empty where there is none.

        A user namespace comes first: it also shuts the jobs out of the main
        process's environment under /proc.
        """
        for command in _ISOLATIONS:
            with suppress(OSError, subprocess.TimeoutExpired):
                probe = subprocess.run(
                    [*command, "true"], env=self._environment, capture_output=True,
                    timeout=SECONDS_TO_END, check=False,
                )  # fmt: skip
                if probe.returncode == 0:
                    return command
        return ()


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where one job works: *folder* for what lasts, *temporary* for what it pleases."""

    folder: Path
    temporary: Path
    log: IO[bytes]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def answer(self) -> Path:
        return self.folder / "answer.json"
