from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="no other system has a subreaper"
)

DAEMON = """
import json, os, sys, time
from mlgitops.adapters.worker import descendants

def daemon(depth):
    '''A process that lost its parent and its session; its id.'''
    reader, writer = os.pipe()
    if os.fork() == 0:
        for _ in range(depth):
            os.setsid()
            if os.fork():
                os._exit(0)
        os.write(writer, str(os.getpid()).encode())
        time.sleep(600)
    return int(os.read(reader, 32))

descendants.adopt()
"""


def run(code: str) -> Any:
    """What *code* prints, in a process of its own: it ends all of its children."""
    ended = subprocess.run(
        [sys.executable, "-c", DAEMON + code], stdout=subprocess.PIPE, check=True, timeout=60
    )
    return json.loads(ended.stdout)


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_nothing_is_left_of_daemons():
    ended, pids = run(
        "pids = [daemon(n) for n in (0, 1, 3)]; print(json.dumps([descendants.end(20), pids]))"
    )

    assert ended
    assert not any(map(is_there, pids))


def test_a_tree_is_ended_to_its_leaves():
    """Killing a parent gives us its children, which have to follow."""
    ended, pids = run(
        "reader, writer = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    leaf = daemon(0); os.write(writer, f'{os.getpid()} {leaf}'.encode())\n"
        "    time.sleep(600)\n"
        "pids = [int(pid) for pid in os.read(reader, 64).split()]\n"
        "print(json.dumps([descendants.end(20), pids]))"
    )

    assert ended
    assert len(pids) == 2
    assert not any(map(is_there, pids))


def test_there_may_be_nothing_to_end():
    assert run("print(json.dumps(descendants.end(0)))") is True


def test_whoever_is_not_ended_in_time_is_told_of():
    first, then = run("daemon(2); print(json.dumps([descendants.end(-1), descendants.end(20)]))")

    assert [first, then] == [False, True]


def test_who_ended_meanwhile_is_reaped_with_its_status():
    seen = run(
        "child = os.fork()\n"
        "if child == 0: os._exit(3)\n"
        "os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)\n"
        "found = descendants.reaped()\n"
        "print(json.dumps([os.waitstatus_to_exitcode(found[child]), descendants.reaped()]))"
    )

    assert seen == [3, {}]
