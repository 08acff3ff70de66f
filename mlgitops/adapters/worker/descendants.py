"""No process of a job outlives it, however it was started.

A process whose parent has ended becomes a child of the nearest *subreaper* above
it. That is this process after `adopt`, so a daemon that left its job's session is
among our children sooner or later, and nothing is left once we have none.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PAUSE_S = 0.002


def adopt() -> None:
    """Become the parent of every descendant that loses its own. Linux only.

    Elsewhere nothing is done, and a daemon of a job is out of reach.

    Raises:
        OSError: the machine refuses; no job may run then.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    yes, unused = ctypes.c_ulong(1), ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, yes, unused, unused, unused):
        number = ctypes.get_errno()
        raise OSError(number, f"PR_SET_CHILD_SUBREAPER: {os.strerror(number)}")


def reaped() -> dict[int, int]:
    """Wait statuses by process id of the children that have ended; none is waited for."""
    found = {}
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found[ended[0]] = ended[1]
    return found


def end(seconds: float) -> bool:
    """Kill and reap all children, and those that they leave to us, until none is left.

    False if some were still there after so many *seconds*, such as processes that
    start others faster than they can be ended.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if time.monotonic() > deadline:
            return False
        if not ended:
            _kill_children()
            time.sleep(_PAUSE_S)


def _kill_children() -> None:
    # The main thread's: it starts the jobs, and orphans come to it.
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    with suppress(OSError):  # no such file: whoever is left is waited for, or counts as left
        for child in children.read_text().split():
            with suppress(OSError):
                os.kill(int(child), signal.SIGKILL)
