"""The worker's program: import what the jobs need once, then fork a child per job.

Speaks JSON lines on the streams that it was started with. Orders come in
(`job`, `request`, `answer`, `log`, `environment`, `access`); events go out: `ready`
or `missing` once, then `started` and `ended` for each order. One job runs at a time. Whatever a job
prints goes to its log, so that it can never be taken for an event. Where
forking after the imports is not safe (`--spawn`), a job is a new process.

`ended` means that nothing of the job lives on; if something does, the event is `left`.
End of input means that whoever asked is gone: the running job is killed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Literal

from mlgitops.adapters.worker import descendants, entrypoints, landlock, wall
from mlgitops.model.errors import SpecError

JOBS = {
    "features": "mlgitops.adapters.worker.features:build",
    "train": "mlgitops.adapters.worker.training:train",
    "predict": "mlgitops.adapters.worker.prediction:predict",
    "measure": "mlgitops.adapters.worker.measuring:measure",
    "validate": "mlgitops.adapters.worker.validation:validate",
}

# Less than a closing `Zygote` waits before it kills this program.
_SECONDS_TO_END = 3.0

Order = Mapping[str, Any]
Start = Callable[[Order, Sequence[int]], int]


def main(arguments: Sequence[str]) -> None:
    """Serve the jobs that *arguments* name until the input ends."""
    parser = argparse.ArgumentParser(prog="mlgitops-worker")
    parser.add_argument("jobs", nargs="*", help=", ".join(JOBS))
    parser.add_argument("--loopback", action="store_true", help="bring `lo` up first")
    parser.add_argument("--spawn", action="store_true", help="a new process for each job")
    parser.add_argument("--order", help="run this one order and exit")
    options = parser.parse_args(arguments)
    if options.order is not None:
        _be_the_job(json.loads(options.order))
        return
    descendants.adopt()
    if options.loopback:
        _bring_loopback_up()
    with _take_orders() as orders, _take_events() as events:
        missing = None if options.spawn else _preload(options.jobs)
        if missing is not None:
            _send(events, event="missing", package=missing)
            return
        _send(events, event="ready", wall=landlock.abi() > 0)
        _serve(orders, events, _spawn if options.spawn else _fork)


def _serve(orders: IO[bytes], events: IO[bytes], start: Start) -> None:
    wake = _wake_on_signals()
    private = (orders.fileno(), events.fileno(), *wake)
    while (news := _next(orders, wake[0])) != "stop":
        if news == "child":  # an echo of the job before
            continue
        line = orders.readline()
        if not line:
            return
        job = start(json.loads(line), private)
        _send(events, event="started", pid=job)
        status = _wait(job, orders, wake[0])
        is_over = descendants.end(_SECONDS_TO_END)
        if status is None:
            return
        event = "ended" if is_over else "left"
        _send(events, event=event, exit=os.waitstatus_to_exitcode(status))


def _wait(job: int, orders: IO[bytes], wake: int) -> int | None:
    """Status of the ended *job*, or None if this program has to end first.

    The job's process group is killed either way, and the job itself.
    """
    status = None
    # An "order" could only be the end of input: nobody orders a second job
    # before the first has ended.
    while status is None and _next(orders, wake) == "child":
        status = descendants.reaped().get(job)
    with suppress(OSError):
        os.killpg(job, signal.SIGKILL)
    if status is None:
        with suppress(OSError):
            os.kill(job, signal.SIGKILL)
    return status


def _next(orders: IO[bytes], wake: int) -> Literal["order", "child", "stop"]:
    """Wait for an order or the end of input, for a child's end, or for SIGTERM."""
    readable, _, _ = select.select([orders.fileno(), wake], [], [])
    if wake not in readable:
        return "order"
    return "stop" if signal.SIGTERM in os.read(wake, 64) else "child"


def _wake_on_signals() -> tuple[int, int]:
    """A pipe that a signal's number is written to, since `select` knows only files.

    The handlers do nothing, so that a signal interrupts no step in between.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    return reader, writer


def _fork(order: Order, private: Sequence[int]) -> int:
    job = os.fork()
    if job:
        return job
    status = 70  # EX_SOFTWARE, for a fault of this program itself
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for descriptor in private:
            os.close(descriptor)
        os.setsid()
        _be_the_job(order)
        status = 0
    except SystemExit as stop:
        status = int(stop.code or 0)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(status)


def _spawn(order: Order, private: Sequence[int]) -> int:
    del private  # not inheritable, so they are closed already
    command = [sys.executable, "-s", "-P", "-m", __spec__.name, "--order", json.dumps(order)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True).pid


def _be_the_job(order: Order) -> None:
    """Run *order* in this process and leave its answer in a file.

    Raises:
        SystemExit: a disk is full, so that there may be no room for an answer.
    """
    try:
        _answer_in_file(order)
    except OSError as error:
        if error.errno in entrypoints.FULL_DISK:
            raise SystemExit(os.EX_IOERR) from error
        raise


def _answer_in_file(order: Order) -> None:
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    sys.dont_write_bytecode = True  # the user's checkout stays as it is
    os.environ.update(order["environment"])  # noqa: TID251 - the worker's own
    tempfile.tempdir = None  # may have been asked for under the old environment
    text = json.dumps(_answer(order), ensure_ascii=False)
    sys.stdout.flush()
    answer = Path(order["answer"])
    partial = answer.with_suffix(".partial")
    # Python's names of odd files are no text that could be told any further.
    partial.write_text(text, encoding="utf-8", errors="replace")
    partial.replace(answer)


def _answer(order: Order) -> dict[str, Any]:
    try:
        wall.build(order["access"], os.environ)  # noqa: TID251 - as above
        module, _, function = JOBS[order["job"]].partition(":")
        result = getattr(importlib.import_module(module), function)(order["request"])
        json.dumps(result, allow_nan=False)
    except OSError as error:
        if error.errno in entrypoints.FULL_DISK:
            raise
        return {"bug": traceback.format_exc()}
    except SpecError as error:
        return {"refused": {"message": error.message, "hint": error.hint, "details": error.details}}
    except Exception:  # noqa: BLE001 - a bug of ours has to cross the process border
        return {"bug": traceback.format_exc()}
    return {"result": result}


def _preload(jobs: Sequence[str]) -> str | None:
    """Import the jobs' modules; the name of a package that is not installed."""
    for job in jobs:
        try:
            importlib.import_module(JOBS[job].partition(":")[0])
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("mlgitops"):
                raise
            return error.name
    wall.python_paths(os.environ)  # noqa: TID251 - so that each job finds them known
    # What lives now lives on: keeping the collector off it keeps the pages shared.
    gc.collect()
    gc.freeze()
    return None


def _take_orders() -> IO[bytes]:
    """The standard input, out of reach of code that reads from it."""
    orders = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return orders


def _take_events() -> IO[bytes]:
    """The standard output, out of reach of code that prints."""
    events = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return events


def _send(events: IO[bytes], **event: Any) -> None:
    # Whoever asked is gone: the end of the orders, which comes next, says so too.
    with suppress(BrokenPipeError):
        events.write(json.dumps(event).encode() + b"\n")


def _bring_loopback_up() -> None:
    """A new network has `lo` down, but training across local processes needs it."""
    import fcntl
    import socket
    import struct

    set_interface_flags, is_up = 0x8914, 0x1
    request = struct.pack("16sH22x", b"lo", is_up)
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, set_interface_flags, request)


if __name__ == "__main__":
    main(sys.argv[1:])
