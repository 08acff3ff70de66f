from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from mlgitops.usecases.model_files.arrays import WRAPPER, Made, Named, array_bytes
from mlgitops.usecases.model_files.pickles import Imports, follow
from mlgitops.usecases.model_files.source import Budget, Source, Unreadable


def read(content: bytes) -> set[str]:
    found, source = Imports(), Source(io.BytesIO(content), len(content))
    follow(source, Budget(), found, arrays=True)

    assert source.is_at_end
    return found.names


@pytest.mark.parametrize(
    "array",
    [
        np.arange(7),
        np.zeros((3, 0)),
        np.array(1.5),
        np.ones((4, 5), order="F", dtype="float32"),
        np.array(["a", "long text"]),
        np.array([b"a", b"bcd"]),
        np.array([True, False]),
        np.array(["2026-01-01"], dtype="datetime64[s]"),
        np.array([{"a": 1}, None, "x"], dtype=object),
        np.arange(3).astype(">i4"),
        np.zeros(3, dtype=[("a", "f8"), ("b", "i4"), ("c", [("d", "U3")])]),
    ],
)
def test_the_bytes_of_arrays_are_passed_over(array: Any, tmp_path: Path) -> None:
    joblib.dump({"a": array, "b": [array, array.copy()]}, tmp_path / "x.joblib")

    assert WRAPPER in read((tmp_path / "x.joblib").read_bytes())


def test_an_import_after_an_array_is_found(tmp_path: Path) -> None:
    joblib.dump([np.arange(3), len], tmp_path / "x.joblib")

    assert "builtins.len" in read((tmp_path / "x.joblib").read_bytes())


def wrapped(**state: Any) -> Made:
    return Made(Named(WRAPPER), (), state)


def record(names: Any, fields: Any, inner: Any = None) -> Made:
    state = (3, "|", inner, names, fields, 16, 1, 16)
    return Made(Named("numpy.dtype"), ("V16", False, True), state)


DOUBLE = Made(Named("numpy.dtype"), ("f8", False, True))
OBJECT = Made(Named("numpy.dtype"), ("O8", False, True))
ENDLESS = record(None, None)
ENDLESS.state = (3, "|", None, ("a",), {"a": (ENDLESS, 0)}, 16, 1, 16)


@pytest.mark.parametrize(
    "wrapper",
    [
        Made(Named(WRAPPER), ()),
        wrapped(dtype=DOUBLE),
        wrapped(shape=(2,)),
        wrapped(shape=(-2,), dtype=DOUBLE),
        wrapped(shape=(None,), dtype=DOUBLE),
        wrapped(shape=[2], dtype=DOUBLE),
        wrapped(shape=(2,), dtype=Made(Named("evil.dtype"), ("f8",))),
        wrapped(shape=(2,), dtype=Made(Named("numpy.dtype"), (None,))),
        wrapped(shape=(2,), dtype=record(None, {"a": (DOUBLE, 0)})),
        wrapped(shape=(2,), dtype=record(("a", "b"), {"a": (DOUBLE, 0)})),
        wrapped(shape=(2,), dtype=record(("a",), {"a": (OBJECT, 0)})),
        wrapped(shape=(2,), dtype=record(("a",), {"a": ()})),
        wrapped(shape=(2,), dtype=record(None, None, inner=(DOUBLE, (2,)))),
        wrapped(shape=(2,), dtype=ENDLESS),
        wrapped(shape=(2,), dtype=record(({},), {"a": (DOUBLE, 0)})),
        wrapped(shape=(2,) * 1_000, dtype=DOUBLE),
        wrapped(shape=(2,), dtype=DOUBLE, numpy_array_alignment_bytes=None),
        wrapped(shape=(2,), dtype=Made(Named("numpy.dtype"), ("U5",))),
    ],
)
def test_an_array_whose_size_is_not_told_is_unreadable(wrapper: Made) -> None:
    with pytest.raises(Unreadable):
        array_bytes(wrapper)


def test_sizes() -> None:
    texts = Made(Named("numpy.dtype"), ("U5", False, True), (3, "<", None, None, None, 20, 4, 8))

    assert array_bytes(wrapped(shape=(2, 3), dtype=DOUBLE)) == 48
    assert array_bytes(wrapped(shape=(), dtype=DOUBLE)) == 8
    assert array_bytes(wrapped(shape=(2,), dtype=record(("a",), {"a": (DOUBLE, 0)}))) == 32
    assert array_bytes(wrapped(shape=(2,), dtype=texts)) == 40
    assert array_bytes(wrapped(shape=(2,), dtype=Made(Named("numpy.dtype"), ("O8",)))) is None


@pytest.mark.parametrize(
    "content",
    [
        # Made by a call, by another name, or through a list: joblib would pass bytes over.
        b"ccopyreg\n_reconstructor\n(cjoblib.numpy_pickle\nNumpyArrayWrapper\nNNtR.",
        b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)R.",
        b"(cjoblib.numpy_pickle\nNumpyArrayWrapper\no.",
        b"(ijoblib.numpy_pickle\nNumpyArrayWrapper\n.",
        b"\x80\x04\x8c\x06joblib\x8c\x1enumpy_pickle.NumpyArrayWrapper\x93.",
        b"cjoblib.numpy_pickle_compat\nNDArrayWrapper\n.",
        b"]cjoblib.numpy_pickle\nNumpyArrayWrapper\na.",
    ],
)
def test_an_array_that_is_made_in_a_strange_way_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read(content)
