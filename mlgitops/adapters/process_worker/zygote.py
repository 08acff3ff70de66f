"""A warm process that runs jobs, and the JSON lines that it is asked and tells in."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from mlgitops.adapters.process_worker.answers import how, tail
from mlgitops.model.errors import MissingExtra, SpecError, Unavailable

SECONDS_TO_END = 5.0


class Zygote:
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
        self._has_wall: bool | None = None  # None until it is ready
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
            SpecError: the job has ended, but not all that it started.
        """
        with self._turn:
            if self._orders.closed:
                raise Unavailable("the worker was closed while a job waited for it")
            # A zygote that is gone says why in its last event.
            with suppress(BrokenPipeError):
                self._orders.write(json.dumps(order).encode() + b"\n")
                self._orders.flush()
            self._wait_until_ready()
            self._job = self._next_event(None)["pid"]
            # Counted from here, so that waiting for the imports is free.
            deadline = None if timeout_s is None else time.monotonic() + timeout_s
            ended = self._next_event(deadline)
            self._job = None
            if ended["event"] == "left":
                raise SpecError(
                    f"processes that the job {order['job']!r} started could not be ended",
                    hint="they could still change what it made: let its code wait for what it "
                    "starts, and end by hand what is left",
                )
            return int(ended["exit"])

    @property
    def has_wall(self) -> bool:
        """Whether it keeps jobs from files that they may not touch.

        Raises:
            Unavailable, MissingExtra: as `run`.
        """
        with self._turn:
            self._wait_until_ready()
        return bool(self._has_wall)

    def close(self) -> None:
        """End the process and its job. Idempotent."""
        with suppress(OSError):
            self._orders.close()
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._job is not None:  # a zygote that was killed could not end it
            with suppress(OSError):
                os.killpg(self._job, signal.SIGKILL)
        with self._turn:  # whoever still reads has met the end by now
            self._events.close()

    def _wait_until_ready(self) -> None:
        if self._has_wall is not None:
            return
        event = self._next_event(None)
        if event["event"] == "missing":
            raise MissingExtra(event["package"], extra=self._extra)
        self._has_wall = event["wall"]

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
        with self._log.open("rb") as log:
            said = tail(log)
        return Unavailable(
            f"the worker process {how(status)}: {said or 'it said nothing'}",
            hint="run it again; if memory was short, close other programs or use `--sample`",
        )
