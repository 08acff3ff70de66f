"""Loads and calls what the user wrote; whatever it raises becomes a SpecError."""

from __future__ import annotations

import difflib
import errno
import importlib
import inspect
import os
import pkgutil
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlgitops.model.errors import SpecError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
_LONGEST_MESSAGE = 300
_MOST_NAMES = 10
_A_CLASS = "an estimator is a class by its full path, for instance sklearn.linear_model.Ridge"
_OURS = str(Path(__file__).parent)
# An environment often lies in the repository, and what is installed there is nobody's own code.
_INSTALLED = tuple(
    f"{place}{os.sep}"
    for place in (
        Path(__file__).parents[2],
        *map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")),
    )
)


def load(root: Path, entrypoint: str) -> Callable[..., Any]:
    """The callable that *entrypoint*, `module:function`, names under *root*.

    The process moves to *root* and can import from there afterwards, as if the
    user had started Python in it.

    Raises:
        SpecError: no such module or function, or its module does not import.
    """
    enter(root)
    module_name, _, function_name = entrypoint.partition(":")
    with user_code(f"{entrypoint!r} cannot be imported", root):
        module = _imported(module_name, root)
    function = getattr(module, function_name, None)
    if callable(function):
        return function  # type: ignore[no-any-return]  # whatever `callable` says yes to
    if function is not None:
        raise SpecError(f"{entrypoint!r} is a {type(function).__name__}, which cannot be called")
    functions = [name for name in _public(module) if callable(getattr(module, name))]
    own = [n for n in functions if getattr(getattr(module, n), "__module__", "") == module_name]
    raise SpecError(
        f"the module {module_name!r} has no {function_name!r}",
        hint=_near(function_name, functions) or _listed(own),
    )


def load_class(root: Path, path: str) -> type:
    """The class that the dotted *path* names.

    Raises:
        SpecError: no such module or class.
    """
    enter(root)
    module_name, _, class_name = path.rpartition(".")
    with user_code(f"{path!r} cannot be imported", root):
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if not _is_part_of(missing, module_name):
                raise
            raise SpecError(
                f"{path!r} cannot be imported: there is no module {missing!r}",
                hint=_near_module(missing, root) or f"{_A_CLASS}; a package has to be installed",
            ) from error
    found = getattr(module, class_name, None)
    if isinstance(found, type):
        return found
    if found is not None:
        raise SpecError(f"{path!r} is a {type(found).__name__}, not a class", hint=_A_CLASS)
    classes = [n for n in _public(module) if isinstance(getattr(module, n), type)]
    raise SpecError(
        f"{module_name!r} has no class {class_name!r}",
        hint=_near(class_name, classes) or _A_CLASS,
    )


def require_arguments(function: Callable[..., Any], name: str, *given: Any, **named: Any) -> None:
    """Refuse a call that *function*'s signature does not allow.

    Raises:
        SpecError: an argument is missing or too many.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some builtins have no signature to check
        return
    try:
        signature.bind(*given, **named)
    except TypeError as error:
        raise SpecError(
            f"{name}{signature} cannot be called with what the spec gives it: {error}",
            hint="make the parameters in the spec and in the code agree",
        ) from error


@contextmanager
def user_code(what: str, root: Path) -> Iterator[None]:
    """Say *what* went wrong if the user's code below *root* raises in the block.

    Raises:
        SpecError: it did; `details` is the traceback, cut to the user's frames.
        OSError: a disk is full, which is not the code's fault.
    """
    try:
        yield
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, OSError) and error.errno in FULL_DISK:
            raise
        raise SpecError(f"{what}: {_one_line(error)}", details=_trimmed(error, root)) from error


def enter(root: Path) -> None:
    """Make *root* the working directory and the first place to import from."""
    os.chdir(root)
    if sys.path[0] != str(root):
        sys.path.insert(0, str(root))


def is_users(file: str, root: Path) -> bool:
    """Whether a module's *file* lies below *root* and was not installed there."""
    return file.startswith(f"{root}{os.sep}") and not file.startswith(_INSTALLED)


def imported_files(root: Path) -> list[str]:
    """The user's files below *root* that this process has imported, sorted, relative to it."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted({str(Path(f).relative_to(root)) for f in files if f and is_users(f, root)})


def _imported(name: str, root: Path) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not _is_part_of(missing, name):
            raise
        near = _near_module(missing, root)
        form = "entry points are `module:function`, seen from the repository's root"
        raise SpecError(
            f"there is no module {name!r} below {root}", hint=f"{near} {form}" if near else form
        ) from error


def _is_part_of(missing: str, name: str) -> bool:
    """Whether the module that is *missing* is *name* or a package that it lies in."""
    return name == missing or name.startswith(f"{missing}.")


def _near_module(missing: str, root: Path) -> str | None:
    """The module beside the one that is *missing* that was probably meant."""
    package, _, name = missing.rpartition(".")
    places = list(getattr(sys.modules.get(package), "__path__", ())) if package else [str(root)]
    names = {module.name for module in pkgutil.iter_modules(places)}
    names |= {folder.name for place in places for folder in Path(place).glob("[!.]*/")}
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f"did you mean {f'{package}.{near[0]}'.lstrip('.')!r}?" if near else None


def _one_line(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    text = " ".join(str(error).split())
    if len(text) > _LONGEST_MESSAGE:
        text = text[:_LONGEST_MESSAGE] + " …"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _trimmed(error: BaseException, root: Path) -> str:
    """The traceback with frames below *root*; if there are none, without ours only."""
    report = traceback.TracebackException.from_exception(error)
    chain = list(_chain(report))
    reached = any(is_users(frame.filename, root) for link in chain for frame in link.stack)
    for link in chain:
        frames = [
            frame
            for frame in link.stack
            if is_users(frame.filename, root)
            or not (reached or frame.filename.startswith((_OURS, "<frozen ")))
        ]
        link.stack = traceback.StackSummary.from_list(frames)
    return "".join(report.format()).rstrip()


def _chain(report: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    yield report
    for chained in (report.__cause__, report.__context__):
        if chained is not None:
            yield from _chain(chained)


def _public(module: Any) -> list[str]:
    return [name for name in vars(module) if not name.startswith("_")]


def _listed(names: Sequence[str]) -> str | None:
    listed = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    return f"it has {listed}" if names else None


def _near(name: str, names: Sequence[str]) -> str | None:
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else None
