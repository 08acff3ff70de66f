"""What loading a pickle would import, found by following its opcodes without running any.

The machine keeps the stack and the memo as Python's does, but of the values only the
texts, numbers, tuples and dicts that stand in the file: whatever a call would make
stays unknown. An import whose name is unknown cannot be told, and makes the pickle
unreadable. Opcodes and their layout are those of the standard library's `pickletools`.
"""

from __future__ import annotations

import codecs
import pickletools
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlgitops.usecases.model_files.arrays import PADDED, WRAPPER, Made, Named, array_bytes
from mlgitops.usecases.model_files.source import Budget, Source, Unreadable

MOST_GLOBALS = 1_000

_MARK = object()
_UNKNOWN = None
_LENGTHS = {"BINBYTES": 4, "BINBYTES8": 8, "BYTEARRAY8": 8}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_CALLS = ("REDUCE", "NEWOBJ", "NEWOBJ_EX")
_FILLING = ("APPEND", "APPENDS", "ADDITEMS")
_CONSTANTS = (
    *("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4"),
    *("BINSTRING", "SHORT_BINSTRING", "STRING"),
    *("BINUNICODE", "BINUNICODE8", "SHORT_BINUNICODE", "UNICODE"),
)
_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_NEWEST_WITH_OLD_NAMES = 2


@dataclass(slots=True)
class Imports:
    """What pickles import: *names* as `module.name`, or `module:name` for a dotted name.

    *has_odd* says that a name is not known, or no dotted identifier, and so not among them.
    """

    names: set[str] = field(default_factory=set)
    has_odd: bool = False

    def __bool__(self) -> bool:
        return self.has_odd or bool(self.names)

    def add(self, module: str, name: str) -> str:
        """Note one import and return how it is written.

        Raises:
            Unreadable: nobody would write such a name, or there are too many.
        """
        if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
            self.has_odd = True
            raise Unreadable("it imports what has no proper name")
        written = f"{module}{':' if '.' in name else '.'}{name}"
        if written not in self.names and len(self.names) >= MOST_GLOBALS:
            raise Unreadable("it imports too much")
        self.names.add(written)
        return written


def follow(source: Source, budget: Budget, imports: Imports, *, arrays: bool = False) -> None:
    """Read one pickle up to its STOP, and add what it imports to *imports*.

    With *arrays* as joblib reads it: the bytes of arrays stand between the opcodes.

    Raises:
        Unreadable: it is no pickle, is cut off or too large, or imports what cannot be told.
            What it imports before is in *imports* all the same.
    """
    try:
        with warnings.catch_warnings():
            # `pickletools` warns of escapes in texts that mean nothing.
            warnings.simplefilter("ignore")
            _Machine(source, budget, imports, arrays=arrays).run()
    except (ValueError, IndexError, KeyError) as error:
        # The first is what cannot be decoded; the rest are look-ups in a stack or memo
        # that is not as it should be.
        raise Unreadable(f"no pickle: {error}") from error


def _number(line: bytes) -> int | None:
    try:
        return int(line.removesuffix(b"L"), 0)
    except ValueError:
        return _UNKNOWN


def _quoted(line: bytes) -> str | None:
    try:
        return codecs.escape_decode(line[1:-1])[0].decode("ascii")
    except ValueError:
        return _UNKNOWN


_LINES: Mapping[str, Callable[[bytes], Any]] = {
    "INT": _number,
    "LONG": _number,
    "FLOAT": lambda _: _UNKNOWN,
    "PERSID": lambda _: _UNKNOWN,
    "STRING": _quoted,
    "UNICODE": lambda line: line.decode("raw-unicode-escape"),
    "GET": int,
    "PUT": int,
}


class _Machine:
    def __init__(self, source: Source, budget: Budget, imports: Imports, *, arrays: bool) -> None:
        self._source = source
        self._budget = budget
        self._imports = imports
        self._arrays = arrays
        self._protocol = 0
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._special: dict[str, Callable[[Any], None]] = {
            "GLOBAL": self._global,
            "INST": self._instance,
            "STACK_GLOBAL": self._stack_global,
            "MARK": lambda _: self._stack.append(_MARK),
            "POP": lambda _: self._stack.__delitem__(-1),
            "POP_MARK": lambda _: self._drop_to_mark(),
            "DUP": lambda _: self._stack.append(self._top()),
            "TUPLE": lambda _: self._tuple(self._to_mark()),
            "EMPTY_DICT": lambda _: self._stack.append({}),
            "DICT": lambda _: self._set_items(self._to_mark(), {}, is_new=True),
            "SETITEM": lambda _: self._set_items(self._take(2), self._top()),
            "SETITEMS": lambda _: self._set_items(self._to_mark(), self._top()),
            "BUILD": self._build,
        }

    def run(self) -> None:
        while True:
            self._budget.step()
            opcode = _OPCODES.get(self._source.read(1))
            if opcode is None:
                raise Unreadable("no opcode")
            if opcode.name == "STOP":
                self._take(1)
                return
            self._do(opcode, self._argument(opcode))

    def _argument(self, opcode: pickletools.OpcodeInfo) -> Any:
        """What stands behind the opcode; None for bytes, which mean nothing here."""
        # Lines not as `pickletools` reads them: it resolves escapes in the names of imports,
        # which a loader does not, and refuses numbers and texts that a loader takes.
        if opcode.name in ("GLOBAL", "INST"):
            return self._source.readline()[:-1], self._source.readline()[:-1]
        if opcode.name in _LINES:
            return _LINES[opcode.name](self._source.readline()[:-1])
        if opcode.name in _LENGTHS:
            length = int.from_bytes(self._source.read(_LENGTHS[opcode.name]), "little")
            self._source.skip(length)
            return None
        # A Source reads like a file, as far as `pickletools` needs one.
        return opcode.arg.reader(self._source) if opcode.arg else None  # type: ignore[arg-type]

    def _do(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        name, stack = opcode.name, self._stack
        if name in self._special:
            self._special[name](argument)
        elif name == "PROTO":
            self._protocol = argument
        elif name in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
            place = len(self._memo) if name == "MEMOIZE" else argument
            self._memo[place] = self._top()
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name in _TUPLES:
            self._tuple(self._take(_TUPLES[name]))
        elif name in _CALLS:
            called, *given = self._take(len(opcode.stack_before))
            self._require_no_wrapper(given)
            if name != "NEWOBJ":
                self._require_no_wrapper([called])
            stack.append(Made(called, given[0]) if isinstance(called, Named) else _UNKNOWN)
        elif name.startswith("EXT"):
            self._imports.has_odd = True
            raise Unreadable("it imports by a number that only its writer knows")
        elif name in _CONSTANTS:
            stack.append(argument)
        else:
            self._take_and_leave(opcode)

    def _take_and_leave(self, opcode: pickletools.OpcodeInfo) -> None:
        """An opcode that means nothing here: what it leaves is unknown, but for what it fills."""
        before = list(opcode.stack_before)
        if pickletools.markobject in before:
            self._require_no_wrapper(self._to_mark())
            before = before[: before.index(pickletools.markobject)]
        taken = self._take(len(before))
        self._require_no_wrapper(taken)
        if opcode.name in _FILLING:
            self._stack.append(taken[0])
        else:
            self._stack.extend(_UNKNOWN for _ in opcode.stack_after)

    def _global(self, argument: tuple[bytes, bytes]) -> None:
        module, name = (line.decode() for line in argument)
        self._import(module, name)

    def _instance(self, argument: tuple[bytes, bytes]) -> None:
        self._require_no_wrapper(self._to_mark())
        self._global(argument)
        self._require_no_wrapper([self._stack.pop()])
        self._stack.append(_UNKNOWN)

    def _stack_global(self, _: None) -> None:
        module, name = self._take(2)
        if not (isinstance(module, str) and isinstance(name, str)):
            self._imports.has_odd = True
            raise Unreadable("it imports what it names only when it is loaded")
        self._import(module, name)

    def _import(self, module: str, name: str) -> None:
        if self._protocol <= _NEWEST_WITH_OLD_NAMES:
            if (module, name) in NAME_MAPPING:
                module, name = NAME_MAPPING[module, name]
            module = IMPORT_MAPPING.get(module, module)
        named = Named(self._imports.add(module, name))
        if named.name != WRAPPER:
            self._require_no_wrapper([named])
        self._stack.append(named)

    def _tuple(self, values: Sequence[Any]) -> None:
        self._require_no_wrapper(values)
        self._stack.append(tuple(values))

    def _set_items(self, items: Sequence[Any], into: Any, *, is_new: bool = False) -> None:
        self._require_no_wrapper(items)
        if isinstance(into, dict):
            pairs = zip(items[::2], items[1::2], strict=True)
            into.update({key: value for key, value in pairs if isinstance(key, str)})
        if is_new:
            self._stack.append(into)

    def _build(self, _: None) -> None:
        (state,) = self._take(1)
        self._require_no_wrapper([state])
        built = self._top()
        if not isinstance(built, Made):
            return
        if self._arrays and built.called.name == WRAPPER:
            # Told twice, it would be a mixture of both; and who was told once is an array.
            if built.state is not None:
                raise Unreadable("it makes an array in a strange way")
            built.state = state
            self._pass_array(built)
            return
        built.state = state

    def _pass_array(self, wrapper: Made) -> None:
        """Leave out what joblib reads by itself: an array's bytes, or a pickle of objects."""
        size = array_bytes(wrapper)
        if size is None:
            follow(self._source, self._budget, self._imports)
            return
        if PADDED in wrapper.state:
            self._source.skip(self._source.read(1)[0])
        self._source.skip(size)

    def _require_no_wrapper(self, values: Sequence[Any]) -> None:
        """Refuse a wrapper of arrays that is made in a way we would not notice."""
        if self._arrays and any(
            isinstance(value, Named) and value.name.endswith("ArrayWrapper") for value in values
        ):
            raise Unreadable("it makes an array in a strange way")

    def _top(self) -> Any:
        if self._stack[-1] is _MARK:
            raise Unreadable("a mark where a value should be")
        return self._stack[-1]

    def _take(self, count: int) -> list[Any]:
        """Pop *count* values, in the order in which they were pushed."""
        if not count:
            return []
        taken = self._stack[-count:]
        if len(taken) < count or any(value is _MARK for value in taken):
            raise Unreadable("too few values")
        del self._stack[-count:]
        return taken

    def _drop_to_mark(self) -> None:
        self._to_mark()

    def _to_mark(self) -> list[Any]:
        """Pop all values above the newest mark, and the mark."""
        taken = []
        while (value := self._stack.pop()) is not _MARK:
            taken.append(value)
        return taken[::-1]
