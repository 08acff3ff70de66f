"""Runs jobs on user code in zone Z0: warm processes that fork a child per job.

A *zygote* imports what its jobs need while the main process goes on, so that the
imports are paid once; each job is a fresh child of it, in its own session, with
the environment below and nothing else. The processes speak JSON lines; what they
are asked is `mlgitops.adapters.worker.program`.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Self, cast

from mlgitops.model.errors import MissingExtra, SpecError, Unavailable
from mlgitops.ports import Job

# Not -I, which would ignore PYTHONHASHSEED: the environment is ours anyway, and
# -s and -P keep the user's site-packages and the working directory off sys.path.
_PYTHON = (sys.executable, "-s", "-P", "-m", "mlgitops.adapters.worker.program")
# Jobs of one group share a zygote; the extra is what its imports come with.
_GROUPS: tuple[tuple[str, tuple[Job, ...]], ...] = (
    ("train", ("features", "train", "predict")),
    ("data", ("validate",)),
)
_KEPT = frozenset(
    {
        "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
        "PYTHONDONTWRITEBYTECODE",
    }
)  # fmt: skip
_KEPT_PREFIXES = ("LC_", "OMP_", "OPENBLAS_", "MKL_")
_ISOLATIONS = (("unshare", "--user", "--map-root-user", "--net"), ("unshare", "--net"))
_LAST_LINES = 20
_LAST_BYTES = 4096
_SECONDS_TO_END = 5.0


class ProcessWorker:
    """A worker for the repository at *root*, which is the jobs' working directory.

    *scratch* is an existing folder for logs and answers; what is written there is
    gone after `close`. Of *environment* only what is harmless is passed on.
    *timeout_s* ends a job that runs longer; None lets it run.
    """

    def __init__(
        self,
        root: Path,
        scratch: Path,
        environment: Mapping[str, str],
        *,
        timeout_s: float | None = None,
    ) -> None:
        self._root = root
        self._scratch = scratch
        self._given = environment
        self._timeout_s = timeout_s
        self._zygotes: dict[str, _Zygote] = {}
        self._starting = threading.Lock()
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def warm(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._zygote(job)

    def run(self, job: Job, request: Mapping[str, Any]) -> dict[str, Any]:
        zygote = self._zygote(job)
        name = f"{next(self._numbers)}-{job}"
        answer, log = self._folder / f"{name}.json", self._folder / f"{name}.log"
        order = {"job": job, "request": dict(request), "answer": str(answer), "log": str(log)}
        try:
            status = zygote.run(order, self._timeout_s)
        except TimeoutError as error:
            self._forget(zygote)
            raise SpecError(
                f"the job {job!r} did not end within {self._timeout_s:g} s", details=_tail(log)
            ) from error
        except BaseException:  # also ^C: no job outlives the call that asked for it
            self._forget(zygote)
            raise
        if status or not answer.is_file():
            raise _died(job, status, log)
        return _result(job, json.loads(answer.read_text(encoding="utf-8")), log)

    @property
    def sandbox(self) -> str:
        return "process+no-network" if self._isolation else "process"

    def close(self) -> None:
        with self._starting:
            zygotes, self._zygotes = list(self._zygotes.values()), {}
        for zygote in zygotes:
            zygote.close()
        folder = self.__dict__.pop("_folder", None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _zygote(self, job: Job) -> _Zygote:
        extra, jobs = next(group for group in _GROUPS if job in group[1])
        with self._starting:
            if extra not in self._zygotes:
                command = [*self._isolation, *_PYTHON, *jobs]
                if self._isolation:
                    command.append("--loopback")
                if not sys.platform.startswith("linux"):
                    command.append("--spawn")
                log = self._folder / f"{extra}.log"
                self._zygotes[extra] = _Zygote(command, self._environment, self._root, log, extra)
            return self._zygotes[extra]

    def _forget(self, zygote: _Zygote) -> None:
        with self._starting:
            self._zygotes = {k: kept for k, kept in self._zygotes.items() if kept is not zygote}
        zygote.close()

    @cached_property
    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="worker-", dir=self._scratch)).resolve()

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
                    timeout=_SECONDS_TO_END, check=False,
                )  # fmt: skip
                if probe.returncode == 0:
                    return command
        return ()

    @property
    def _environment(self) -> dict[str, str]:
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        kept = {
            name: value
            for name, value in self._given.items()
            if name in _KEPT or name.startswith(_KEPT_PREFIXES)
        }
        own_python = str(Path(sys.executable).parent)  # for `command: [python, ...]`
        return kept | {
            "PATH": os.pathsep.join([own_python, kept.get("PATH", os.defpath)]),
            "HOME": str(home),
            "PYTHONHASHSEED": "0",  # models with sets in them get the same bytes each time
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db",
            "GX_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "true",
        }


class _Zygote:
    """One warm process. It runs one job at a time; other callers wait."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        cwd: Path,
        log: Path,
        extra: str,
    ) -> None:
        self._log = log
        self._extra = extra
        self._turn = threading.Lock()
        self._received = b""
        self._job: int | None = None
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=environment, cwd=cwd, start_new_session=True,
            )  # fmt: skip
        self._orders = cast("IO[bytes]", self._process.stdin)
        self._events = cast("IO[bytes]", self._process.stdout)

    def run(self, order: Mapping[str, Any], timeout_s: float | None) -> int:
        """Exit status of the job, negative for a signal.

        Raises:
            TimeoutError: the job has not ended in time.
            Unavailable: the zygote itself ended.
            MissingExtra: a package that its jobs need is not installed.
        """
        with self._turn:
            if self._orders.closed:
                raise Unavailable("the worker was closed while a job waited for it")
            # A zygote that is gone says why in its last event.
            with suppress(BrokenPipeError):
                self._orders.write(json.dumps(order).encode() + b"\n")
                self._orders.flush()
            deadline = None
            while True:
                event = self._next_event(deadline)
                if event["event"] == "missing":
                    raise MissingExtra(event["package"], extra=self._extra)
                if event["event"] == "started":
                    self._job = event["pid"]
                    # Counted from here, so that waiting for the imports is free.
                    deadline = None if timeout_s is None else time.monotonic() + timeout_s
                if event["event"] == "ended":
                    self._job = None
                    return int(event["exit"])

    def close(self) -> None:
        """End the process and its job. Idempotent."""
        with suppress(OSError):
            self._orders.close()
        self._process.terminate()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._job is not None:  # a zygote that was killed could not end it
            with suppress(OSError):
                os.killpg(self._job, signal.SIGKILL)
        with self._turn:  # whoever still reads has met the end by now
            self._events.close()

    def _next_event(self, deadline: float | None) -> dict[str, Any]:
        while b"\n" not in self._received:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self._events], [], [], left)[0]:
                raise TimeoutError
            chunk = os.read(self._events.fileno(), 65536)
            if not chunk:
                raise self._ended()
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        return dict(json.loads(line))

    def _ended(self) -> Unavailable:
        status = self._process.wait()
        return Unavailable(
            f"the worker process {_how(status)}: {_tail(self._log) or 'it said nothing'}",
            hint="run it again; if memory was short, close other programs or use `--sample`",
        )


def _result(job: Job, answer: Mapping[str, Any], log: Path) -> dict[str, Any]:
    if "refused" in answer:
        refused = answer["refused"]
        details = refused["details"] or _tail(log)
        raise SpecError(refused["message"], hint=refused["hint"], details=details)
    if "bug" in answer:
        raise RuntimeError(f"the job {job!r} failed by a fault of ours:\n{answer['bug']}")
    return dict(answer["result"])


def _died(job: Job, status: int, log: Path) -> SpecError | Unavailable:
    if status == os.EX_IOERR:
        return Unavailable(f"the job {job!r} found the disk full", hint="free some space")
    hint = None
    if status == -signal.SIGKILL:
        hint = "usually memory ran out: use `--sample`, fewer columns, or a larger machine"
    elif status >= 0:
        hint = "the code ended the process: remove `sys.exit` and `os._exit` from it"
    message = f"the job {job!r} {_how(status)} without an answer"
    return SpecError(message, hint=hint, details=_tail(log))


def _how(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    return f"was killed by signal {-status} ({signal.strsignal(-status)})"


def _tail(log: Path) -> str | None:
    """The last lines that were printed, None when there are none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LAST_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return None
    return "\n".join(text.strip().splitlines()[-_LAST_LINES:]) or None
