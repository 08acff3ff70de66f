"""What came of a job, in words for whoever has to mend it."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from mlgitops.adapters.process_worker import shapes
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.ports import LOG_BYTES, Job

_LAST_LINES = 20
_LAST_BYTES = 4096
_DENIED = re.compile("[Pp]ermission denied")
_DENIED_PATH = re.compile(r"(?:[Pp]ermission denied:|local file) '([^'\n]+)'")


def read(job: Job, place: Path) -> dict[str, Any] | None:
    """The answer that *job* left at *place*; None if what lies there is none.

    It may be the work of the job's code, so nothing of its shape is taken on trust.
    """
    if place.is_symlink() or not place.is_file():
        return None
    try:
        answer = json.loads(place.read_bytes())
        json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()  # can be written again
    except (ValueError, RecursionError):
        return None
    return answer if shapes.is_answer(job, answer) else None


def result(job: Job, answer: Mapping[str, Any], said: str | None, rule: str) -> dict[str, Any]:
    """What the job was asked for.

    *said* is the end of what it printed; *rule* what it may touch, empty where
    nothing is withheld from it.

    Raises:
        SpecError: the user's code or specs are wrong.
        RuntimeError: we are. The job's code can say so too, in words of its own.
    """
    if "refused" in answer:
        refused = answer["refused"]
        details = refused["details"] or said
        hint = refused["hint"] or _hint_at_wall(f"{refused['message']}\n{details}", rule)
        raise SpecError(refused["message"], hint=hint, details=details)
    if "bug" in answer:
        account = _quoted(answer["bug"])
        raise RuntimeError(f"the job {job!r} failed by a fault of ours, as it says:\n{account}")
    return dict(answer["result"])


def died(job: Job, status: int, said: str | None) -> SpecError | Unavailable:
    """Why there is no answer of a job that ended with *status*."""
    if status == os.EX_IOERR:
        return Unavailable(f"the job {job!r} found the disk full", hint="free some space")
    hint = None
    if status == -signal.SIGKILL:
        hint = "usually memory ran out: use `--sample`, fewer columns, or a larger machine"
    elif status >= 0:
        hint = "the code ended the process: remove `sys.exit` and `os._exit` from it"
    return SpecError(f"the job {job!r} {how(status)} without an answer", hint=hint, details=said)


def how(status: int) -> str:
    """How a process with this exit status ended."""
    if status >= 0:
        return f"ended with exit code {status}"
    return f"was killed by signal {-status} ({signal.strsignal(-status)})"


def tail(log: IO[bytes]) -> str | None:
    """The last lines that were printed, None when there are none."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - _LAST_BYTES))
    text = log.read().decode(errors="replace")
    return "\n".join(text.strip().splitlines()[-_LAST_LINES:]) or None


def printed(log: IO[bytes]) -> bytes:
    """The end of what was printed, as it was."""
    log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_BYTES))
    return log.read(LOG_BYTES)


def _quoted(text: str) -> str:
    """*text* in lines that neither a terminal nor a CI runner takes for commands."""
    return "\n".join(f"| {line.encode('unicode_escape').decode()}" for line in text.splitlines())


def _hint_at_wall(text: str, rule: str) -> str | None:
    """What to do about a file that was refused, if *text* tells of one."""
    if not rule or not _DENIED.search(text):
        return None
    path = _DENIED_PATH.search(text)
    return f"{path[1] if path else 'the file'} is out of the job's reach: {rule}"
