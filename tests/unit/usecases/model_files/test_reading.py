from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import random
import zipfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.usecases.model_files import reading
from mlgitops.usecases.model_files.reading import Found, read_folder
from mlgitops.usecases.model_files.source import Budget

EVIL = b"cos\nsystem\n(S'touch /tmp/evil'\ntR."
NOISE = random.Random(7).randbytes(100_000)  # noqa: S311 - data, not secrets
MARKED = b"\x80\x04\x8c\x02os\x8c\x06system\x93."
DESCRIPTION = b"flavors: {sklearn: {pickled_model: model.txt}}\n"


def found(tmp_path: Path, **files: bytes) -> Found:
    """Each keyword is a file's name, `__` for a dot."""
    paths = []
    for keyword, content in files.items():
        name = keyword.replace("__", ".")
        (tmp_path / name).write_bytes(content)
        paths.append(name)
    return read_folder(tmp_path, paths)


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for keyword, content in files.items():
            archive.writestr(keyword.replace("__", "."), content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model__pkl", EVIL),
        ("model__pkl", MARKED),
        ("weights__dat", EVIL),
        ("weights__dat", MARKED),
        ("model", EVIL),
        ("model__txt", MARKED),
        ("labels__txt", EVIL),
        ("model__pkl", pickle.dumps([1, 2]) + MARKED),
        ("model__pkl", pickle.dumps([1, 2]) + EVIL),
        ("model__joblib", zlib.compress(EVIL)),
        ("data", zlib.compress(MARKED)),
        ("model__pkl__gz", gzip.compress(EVIL)),
        ("model__bz2", bz2.compress(EVIL)),
        ("model__xz", lzma.compress(EVIL)),
        ("model__lzma", lzma.compress(EVIL, lzma.FORMAT_ALONE)),
        ("model__pt", zipped(data__pkl=EVIL)),
        ("model", zipped(inner=zipped(deeper=zipped(data=MARKED)))),
        ("model__zip", zipped(data=gzip.compress(MARKED))),
        ("weights__npy", b"\x93NUMPY\x01\x00\x36\x00"
         + b"{'descr': '|O', 'fortran_order': False, 'shape': ()}".ljust(53) + b"\n" + EVIL),
        ("weights__npy", b"\x93NUMPY\x01\x00\x36\x00"
         + b"{'descr':'object','fortran_order':False,'shape': ()}".ljust(53) + b"\n" + EVIL),
        ("model__skops", zipped(schema__json=json.dumps(
            {"content": [{"__class__": "system", "__module__": "os"}]}).encode())),
    ],
)  # fmt: skip
def test_an_import_is_found_wherever_it_hides(tmp_path: Path, name: str, content: bytes) -> None:
    everything = found(tmp_path, MLmodel=DESCRIPTION, **{name: content})

    assert everything.imports.names == {"os.system"}
    assert everything.unreadable == set()
    assert everything.formats & {"pickle", "skops"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model__pkl", EVIL[:-1]),
        ("model__pkl", MARKED + b"junk"),
        ("model__pkl", pickle.dumps([1, 2])[:-3]),
        ("model__pkl", b""),
        ("model__pkl", b"this is no pickle"),
        ("weights__dat", EVIL[:-1]),
        ("weights__dat", EVIL + b"junk"),
        ("weights__dat", b"\x80\x04"),
        ("model__txt", EVIL + b"junk"),  # the description says that it is loaded
        ("model__pt", b"PK\x03\x04 is no archive"),
        ("model__joblib", zlib.compress(EVIL)[:-9]),
        ("data", zlib.compress(EVIL + b"junk")),
        ("data", gzip.compress(EVIL[:-1])),
        ("data", b"\x28\xb5\x2f\xfd zstandard"),
        ("data__pkl", b"\x04\x22\x4d\x18 lz4"),
        ("model__pkl", pickle.dumps([1]) + zipped(a=b"text")),
        ("model__zip", zipped(a=zipped(a=zipped(a=zipped(a=zipped(a=zipped(a=b"deep"))))))),
        ("model__skops", zipped(schema__json=b"{")),
        ("model__skops", zipped(schema__json=b'{"__class__": "system; evil", "__module__": "os"}')),
        ("model__skops", zipped(schema__json=b'{"__class__": ["system"]}')),
        ("weights__dat", b"cos; evil\nsystem\n."),
        ("weights__dat", b"Vos\nN\x93."),
    ],
)
def test_what_cannot_be_read_to_its_end_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    everything = found(tmp_path, MLmodel=DESCRIPTION, **{name: content})

    assert everything.unreadable == {name.replace("__", ".")}


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("requirements__txt", b"cloudpickle\nmlflow\n", "text"),  # as opcodes, an import
        ("labels__txt", b"cat\ndog\nfish\n", "text"),
        ("conda__yaml", b"channels:\n- conda-forge\n", "yaml"),
        ("notes", b"x^2 is a square", "text"),
        ("table__csv", b"PK,name\n1,a\n", "text"),
        ("weights__dat", bytes(1000), "other"),
        ("weights__dat", NOISE, "other"),
        ("weights__npy", b"\x93NUMPY\x01\x00", "numpy"),
        ("empty", b"", "text"),
    ],
)
def test_honest_files_are_what_they_are(
    tmp_path: Path, name: str, content: bytes, format_: str
) -> None:
    everything = found(tmp_path, **{name: content})

    assert everything == Found(formats={format_})


def test_models_of_joblib_are_read(tmp_path: Path) -> None:
    value: Any = {"array": np.arange(10), "text": np.array(["a", None], dtype=object), "f": len}
    for name, compress in (("plain.joblib", 0), ("zlib.joblib", 3), ("x.pkl", ("xz", 3))):
        joblib.dump(value, tmp_path / name, compress=compress)

        everything = read_folder(tmp_path, [name])

        assert everything.unreadable == set()
        assert "builtins.len" in everything.imports.names


def test_opcodes_hidden_in_an_array_of_joblib_are_found(tmp_path: Path) -> None:
    """joblib passes the bytes over, but a plain loader would run them."""
    path = tmp_path / "model.joblib"
    joblib.dump(np.frombuffer(b"0" * 2 + EVIL.ljust(62, b"."), dtype="u1"), path)
    content = path.read_bytes()
    place = content.rfind(b"\xff") + 1
    head = content[: content.rfind(b"b", 0, place) + 1]
    path.write_bytes(head + content[place + 2 :])  # as an old joblib wrote: no padding

    assert "os.system" in read_folder(tmp_path, [path.name]).imports.names


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damaged_models_are_read_or_named(data: st.DataObject) -> None:
    """Whatever bytes are changed: no other error, and no import is lost to damage behind it."""
    value: Any = [len, np.arange(3), np.array(["a", None], dtype=object)]
    file = io.BytesIO()
    joblib.dump(value, file)
    content = bytearray(data.draw(st.sampled_from([file.getvalue(), zipped(a=file.getvalue())])))
    places = data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3))
    for place in places:
        content[place] = data.draw(st.integers(0, 255))
    with TemporaryDirectory() as folder:
        everything = found(Path(folder), model__pkl=bytes(content))

    if not places:
        assert everything.unreadable == set()
    if not everything.unreadable:
        assert everything.imports.names


def test_a_limit_makes_files_unreadable_whatever_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = b"N0" * 100 + EVIL
    monkeypatch.setattr(reading, "Budget", lambda: Budget(opcodes=50))
    assert found(tmp_path, weights__dat=late).unreadable == {"weights.dat"}

    monkeypatch.setattr(reading, "Budget", lambda: Budget(unpacked=50))
    assert found(tmp_path, data=zlib.compress(late)).unreadable == {"data"}
