"""Linux's own way to give up access to files, for good: Landlock's system calls.

Since 5.13 any process may do so, without privileges. Each later version of the
interface (ABI) knows more rights; one that it does not know stays as it was. See
docs/decisions/wall.md for why this is not a package.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Mapping
from enum import IntFlag
from functools import cache, reduce
from operator import or_
from pathlib import Path


class Right(IntFlag):
    """LANDLOCK_ACCESS_FS_* of <linux/landlock.h>."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15
    RESOLVE_UNIX = 1 << 16


LIST = Right.READ_DIR
READ = Right.EXECUTE | Right.READ_FILE | Right.READ_DIR
EVERYTHING = reduce(or_, Right)
_OF_FILES = Right.EXECUTE | Right.WRITE_FILE | Right.READ_FILE | Right.TRUNCATE | Right.IOCTL_DEV
# Rights by the ABI that brought them; all others came with the first.
_LATER = {
    Right.REFER: 2,
    Right.TRUNCATE: 3,
    Right.IOCTL_DEV: 5,
    Right.RESOLVE_UNIX: 9,
}
_SCOPES, _SCOPES_SINCE = 0b11, 6  # abstract sockets and signals stay within the process's kin
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_FOR_ABI = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttributes(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """The interface's version on this machine; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        return _call(_CREATE_RULESET, None, 0, _ASK_FOR_ABI)
    except OSError:
        return 0


def known(version: int) -> Right:
    """All rights that the interface of this *version* can take away."""
    return reduce(or_, (right for right in Right if _LATER.get(right, 1) <= version), Right(0))


def restrict(rules: Mapping[Path, Right]) -> None:
    """Leave this process, and all that it starts, the rights in *rules* and no other.

    A right to a folder holds for all that is below it. Paths that do not exist are
    passed over. It cannot be undone.

    Raises:
        OSError: the machine has no Landlock, or refuses; nothing may run then.
        RuntimeError: other threads are there already, which would keep all rights.
    """
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - names are enough
        raise RuntimeError("threads were started before the wall")
    version = abi()
    handled = known(version)
    attributes = _RulesetAttributes(
        handled_access_fs=handled, scoped=_SCOPES if version >= _SCOPES_SINCE else 0
    )
    size = ctypes.sizeof(attributes)
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    try:
        for path, rights in rules.items():
            _allow(ruleset, path, rights & handled)
        _call_prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: Right) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there, or cannot be reached, needs no right
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        if rights:
            beneath = _PathBeneathAttributes(allowed_access=rights, parent_fd=place)
            _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    return _checked(_libc().syscall(ctypes.c_long(number), *map(_as_word, arguments)))


def _call_prctl(option: int, value: int) -> None:
    _checked(_libc().prctl(option, *map(_as_word, (value, 0, 0, 0))))


def _as_word(argument: object) -> object:
    """As wide as the register that a variadic call puts it in."""
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def _checked(returned: int) -> int:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return returned


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
