"""The wall around a job: what of the machine's files it may touch.

Landlock can only allow, and what it allows of a folder it allows of all below. So
of a folder that holds something withheld, its other parts are allowed one by one;
its names can be listed, those of withheld files too, as Python imports by listing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import mlgitops
from mlgitops.adapters.worker import landlock
from mlgitops.adapters.worker.landlock import EVERYTHING, LIST, READ, Right

Children = Callable[[Path], Iterable[Path]]

# Programs, libraries and facts of the machine; NixOS has its own place for them.
_SYSTEM = (
    "/bin", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/opt", "/proc", "/sbin",
    "/sys", "/usr", "/run/systemd/resolve",
)  # fmt: skip
# No disks, terminals or memory; but whatever computes.
_DEVICES = (
    "null", "zero", "full", "random", "urandom", "shm", "nvidia*", "dri", "kfd", "accel*", "dxg",
    "infiniband",
)  # fmt: skip
_SEARCHED = ("PATH", "LD_LIBRARY_PATH")
_EDITABLE_INSTALL = "__editable__"


def build(access: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> None:
    """Hold this process to *access*, as `ports.Access` puts it, for good.

    *private* paths are withheld from what Python needs besides. Nothing is done
    where the machine has no Landlock.

    Raises:
        OSError, RuntimeError: it has, and the wall does not stand.
    """
    if landlock.abi():
        landlock.restrict(rules(access, python_paths(environment)))


def rules(access: Mapping[str, Sequence[str]], python: Collection[Path]) -> dict[Path, Right]:
    """The rights that make *access*, with *python* readable as far as it is not private."""
    given = {name: _resolved(paths) for name, paths in access.items()}
    found: dict[Path, Right] = {}
    for paths, withheld in (
        (given["readable"], given["withheld"]),
        (python, given["withheld"] | given["private"]),
    ):
        for path, right in readable(paths, withheld, _children):
            found[path] = found.get(path, Right(0)) | right
    devices = (path for name in _DEVICES for path in Path("/dev").glob(name))
    usable = [device for device in devices if device.resolve() not in given["withheld"]]
    return found | dict.fromkeys((*given["writable"], *usable), EVERYTHING)


def readable(
    paths: Iterable[Path], withheld: Collection[Path], children: Children
) -> Iterator[tuple[Path, Right]]:
    """The rights to read *paths*, but for what is *withheld* in them.

    A path below a withheld one may be read all the same: whoever names it means it.
    """
    folders = {path.parent for path in withheld}  # few, however many files they hold
    ancestors = {above for folder in folders for above in (folder, *folder.parents)}
    for path in paths:
        if path in ancestors and path not in withheld:
            yield path, LIST
        for part in _parts(path, frozenset(withheld), ancestors, children):
            yield part, READ


def python_paths(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where this Python, what it may import, and the programs it may start lie.

    Remembered: to look through all modules in a fork would copy most of their memory.
    """
    return _python_paths(tuple(environment.get(name, "") for name in _SEARCHED))


@cache
def _python_paths(searched: tuple[str, ...]) -> tuple[Path, ...]:
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    found = [*_SYSTEM, *prefixes, *sys.path, *_editable_installs()]
    found += [str(Path(sys.executable).resolve().parent), *mlgitops.__path__]
    found += [path for paths in searched for path in paths.split(os.pathsep)]
    return tuple(_resolved(path for path in found if os.path.isabs(path)))  # noqa: PTH117 - text


def _parts(
    path: Path, withheld: Collection[Path], ancestors: Collection[Path], children: Children
) -> Iterator[Path]:
    """The largest parts of *path* without anything withheld."""
    if path in withheld:
        return
    if path not in ancestors:
        yield path
        return
    for child in children(path):
        yield from _parts(child, withheld, ancestors, children)


def _children(folder: Path) -> list[Path]:
    """What lies in *folder*, but for links: where they lead is allowed or not by itself."""
    try:
        return [path for path in folder.iterdir() if not path.is_symlink()]
    except OSError:  # what cannot be listed cannot be read either
        return []


def _editable_installs() -> Iterator[str]:
    """Packages that are imported by a hook of setuptools, not by their place on the path."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_EDITABLE_INSTALL):
            yield from getattr(module, "MAPPING", {}).values()


def _resolved(paths: Iterable[str]) -> frozenset[Path]:
    return frozenset(map(_resolved_path, paths))


def _resolved_path(path: str) -> Path:
    folder, name = os.path.split(path)
    if name in {"", ".", ".."} or os.path.islink(path):  # noqa: PTH114 - text
        return Path(path).resolve()
    return _resolved_folder(folder) / name


@cache
def _resolved_folder(folder: str) -> Path:
    """Remembered, as a source may have ten thousand files in one."""
    return Path(folder).resolve()
