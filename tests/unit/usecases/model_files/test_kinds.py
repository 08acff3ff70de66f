from __future__ import annotations

import pickle

import pytest

from mlgitops.usecases.model_files import kinds

TENSORS = (2).to_bytes(8, "little") + b"{}"


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("MLmodel", b"flavors: {}\n", "yaml"),
        ("conda.yaml", b"a: 1", "yaml"),
        ("input_example.json", b"{}", "json"),
        ("code/shop/train.py", b"import os", "python"),
        ("requirements.txt", b"mlflow", "text"),
        ("model", "größer".encode()[:4], "text"),
        ("model.json", b"\xff\xfe", "other"),
        ("model.txt", b"a\0b", "other"),
        ("model.safetensors", TENSORS, "safetensors"),
        ("model.safetensors", (99).to_bytes(8, "little") + b"{}", "other"),
        ("model.onnx", b"\x08\x07", "onnx"),
        ("model.onnx", b"\x00\x07", "other"),
        ("data", b"PAR1\0", "parquet"),
        ("weights.npy", b"\x93NUMPY\x01\0", "numpy"),
        ("weights", b"\0\1\2", "other"),
    ],
)
def test_kinds_follow_from_beginning_and_name(name: str, head: bytes, kind: str) -> None:
    assert kinds.kind(name, head, len(head)) == kind


def test_pickles_by_mark_and_name() -> None:
    assert [kinds.begins_as_pickle(pickle.dumps(1, protocol)) for protocol in range(6)] == [
        False, False, True, True, True, True,
    ]  # fmt: skip
    assert not kinds.begins_as_pickle(b"\x80")
    assert not kinds.begins_as_pickle(b"\x80\x99")
    assert kinds.is_named_pickle("a/model.PKL")
    assert not kinds.is_named_pickle("a.pkl/model.txt")


def test_plain_names() -> None:
    assert all(map(kinds.is_plain_name, ("MLmodel", "a/labels.txt", "x.py", "LICENSE")))
    assert not any(map(kinds.is_plain_name, ("model", "model.pkl", "weights.dat")))


@pytest.mark.parametrize(
    "head", [b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"7z\xbc\xaf\x27\x1c", b"a" * 257 + b"ustar"]
)
def test_archives_that_are_not_read_are_known(head: bytes) -> None:
    assert kinds.is_foreign_archive(head)
