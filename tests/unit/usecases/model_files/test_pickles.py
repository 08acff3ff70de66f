"""Pickles that mean harm, and honest ones; Python's own unpickler says what each imports."""

from __future__ import annotations

import datetime as dt
import fractions
import importlib
import io
import pickle
from collections import Counter, OrderedDict
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.usecases.model_files import pickles
from mlgitops.usecases.model_files.pickles import Imports, follow
from mlgitops.usecases.model_files.source import Budget, Source, TooLarge, Unreadable


def imports(content: bytes, *, arrays: bool = False) -> Imports:
    found = Imports()
    follow(Source(io.BytesIO(content), len(content)), Budget(), found, arrays=arrays)
    return found


def text(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    return b"\x8c" + bytes([len(value.encode())]) + value.encode()


def imported(module: str, name: str) -> bytes:
    """STACK_GLOBAL with its two names."""
    return text(module) + text(name) + b"\x93"


class Listening(pickle.Unpickler):
    """Notes what is imported, and makes nothing of it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.asked: list[Any] = []

    def find_class(self, module: str, name: str) -> Any:
        self.asked.append(super().find_class(module, name))
        return OrderedDict if name == "OrderedDict" else Anything


def resolved(written: str) -> Any:
    """What an import is, by how it is written here."""
    module, _, names = written.rpartition(":" if ":" in written else ".")
    found: Any = importlib.import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    return found


class Anything:
    """Whatever is made of it, and told to be."""

    def __new__(cls, *_: object, **__: object) -> Self:
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


class Runs:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *given: Any) -> None:
        self.reduced = (function, given)

    def __reduce__(self) -> Any:
        return self.reduced


HONEST = [
    {"a": [1, 2.5, None, True, b"x" * 300, "é" * 300, (1, 2, 3, 4), {1}, frozenset("ab")]},
    [dt.datetime(2026, 1, 1), fractions.Fraction(1, 3), 2**70, bytearray(b"abc")],  # noqa: DTZ001
    [np.arange(5), np.array(["a", "bb"]), np.array([object], dtype=object), np.float64(1.5)],
    [OrderedDict(a=1), Counter("abca"), complex(1, 2), range(5), slice(1, 2)],
    [len, dict.fromkeys, pickle.Unpickler, Runs],
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", HONEST)
def test_every_import_of_an_honest_pickle_is_found(value: Any, protocol: int) -> None:
    content = pickle.dumps(value, protocol)
    listening = Listening(content)
    listening.load()

    found = [resolved(name) for name in imports(content).names]
    assert {repr(one) for one in found} == {repr(one) for one in listening.asked}


@pytest.mark.parametrize("protocol", range(6))
def test_what_is_called_is_found_whatever_the_protocol(protocol: int) -> None:
    import os

    content = pickle.dumps(Runs(os.system, "true"), protocol)

    # `os.system` knows where it comes from, which is not `os`.
    assert imports(content).names == {f"{os.system.__module__}.system"}


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", {"os.system"}),
        (b"(ios\nsystem\n.", {"os.system"}),
        (b"(S'true'\nios\nsystem\n.", {"os.system"}),
        (b"(cos\nsystem\nS'true'\no.", {"os.system"}),
        (b"c__builtin__\neval\n(S'1'\ntR.", {"builtins.eval"}),
        (b"\x80\x02c__builtin__\neval\n.", {"builtins.eval"}),
        (b"\x80\x04c__builtin__\neval\n.", {"__builtin__.eval"}),
        (b"ccommands\ngetoutput\n.", {"subprocess.getoutput"}),
        (b"\x80\x04" + imported("builtins", "exec") + text("1") + b"\x85R.", {"builtins.exec"}),
        (b"\x80\x04" + text("os") + b"\x94" + text("system") + b"\x9400h\x00h\x01\x93.",
         {"os.system"}),
        (b"\x80\x04" + text("os") + b"q\x050" + text("system") + b"r\xff\xff\x00\x000"
         b"h\x05j\xff\xff\x00\x00\x93.", {"os.system"}),
        (b"Vos\np0\n0Vsystem\np1\n0g0\ng1\n\x93.", {"os.system"}),
        (b"\x80\x04" + text("os") + text("system") + b"N0\x93.", {"os.system"}),
        (b"\x80\x04" + text("os") + text("system") + b"(NNN1\x93.", {"os.system"}),
        (b"\x80\x04" + text("system") + b"q\x000" + text("os") + b"h\x00\x93.", {"os.system"}),
        (b"\x80\x04" + text("os") + text("system") + b"(0\x93.", {"os.system"}),
        (b"\x80\x04U\x02osU\x06system\x93.", {"os.system"}),
        (b"\x80\x04S'\\x6fs'\nS'syst\\x65m'\n\x93.", {"os.system"}),
        (b"\x80\x04V\\u006fs\nVsystem\n\x93.", {"os.system"}),
        (b"\x80\x04" + imported("builtins", "getattr") + imported("os", "path")
         + text("os") + b"\x86R.", {"builtins.getattr", "os.path"}),
        (b"\x80\x04" + imported("numpy", "__builtins__.eval") + b".",
         {"numpy:__builtins__.eval"}),
        (b"\x80\x04" + imported("mlflow.projects.backend.local", "_run_entry_point")
         + text("id") + text("uri") + b"\x86R.",
         {"mlflow.projects.backend.local._run_entry_point"}),
        (b"\x80\x04" + imported("os", "system") + b"0N.", {"os.system"}),
        (b"\x80\x04}" + imported("os", "system") + b"Ns.", {"os.system"}),
        (b"I0x10\n0L1_0L\n0Fnan\n0cos\nsystem\n.", {"os.system"}),
        (b"\x80\x04\x95\xff\xff\x00\x00\x00\x00\x00\x00" + imported("os", "system") + b".",
         {"os.system"}),
        (b"\x80\x04" + imported("torch.storage", "_load_from_bytes") + b"B\x01\x00\x00\x00x\x85R.",
         {"torch.storage._load_from_bytes"}),
    ],
)  # fmt: skip
def test_an_import_is_found_however_it_is_written(content: bytes, names: set[str]) -> None:
    assert imports(content).names == names


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"cos\nsystem\n(S'true'\ntR", {"os.system"}),  # runs, and only then breaks off
        (b"cos\nsystem\n\xff", {"os.system"}),
        (b"cos\nsystem\nB\xff\xff\xff\x7f", {"os.system"}),
    ],
)
def test_what_breaks_off_is_unreadable_and_its_imports_are_known(
    content: bytes, names: set[str]
) -> None:
    found = Imports()
    with pytest.raises(Unreadable):
        follow(Source(io.BytesIO(content), len(content)), Budget(), found)

    assert found.names == names


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04cbuiltins\nstr\n)R" + text("system") + b"\x93.",  # the name is what a call makes
        b"\x80\x04" + text("os") + b"K\x01\x93.",
        b"\x80\x04Pos\nPsystem\n\x93.",  # whoever loads it says what these are
        b"\x80\x04\x82\x01.",
        b"cos; import evil\nsystem\n.",
        b"cos\n\n.",
        b"c\\x6fs\nsystem\n.",
    ],
)
def test_an_import_of_an_unknown_name_is_unreadable(content: bytes) -> None:
    found = Imports()
    with pytest.raises(Unreadable):
        follow(Source(io.BytesIO(content), len(content)), Budget(), found)

    assert found


@pytest.mark.parametrize(
    "content",
    [b"", b".", b"\x80", b"N", b"0.", b"h\x00.", b"g0\n.", b"gx\n.", b"R.", b"(2.", b"e.", b"t.",
     b"(Nd.", b"]N", b"\x93.", b"\xff.", b"\x80\x04\x8c\x09abc.", b"}(Nu.", b"hello", b"(."],
)  # fmt: skip
def test_what_no_loader_takes_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        imports(content)


def test_too_many_opcodes_are_a_limit() -> None:
    content = b"\x80\x04" + b"N0" * 100 + b"N."
    with pytest.raises(TooLarge):
        follow(Source(io.BytesIO(content), len(content)), Budget(opcodes=50), Imports())


def test_too_many_imports_are_refused() -> None:
    content = b"".join(
        f"ca\nb{number}\n0".encode() for number in range(pickles.MOST_GLOBALS + 1)
    ) + b"N."  # fmt: skip
    with pytest.raises(Unreadable):
        imports(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for arrays in (False, True):
        try:
            imports(content, arrays=arrays)
        except Unreadable:
            continue
