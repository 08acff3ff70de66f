from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import random
import struct
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
BREAKS_OFF = EVIL[:-1]
"""Without a STOP: whatever is imported, no loader gets anything out of it."""


def found(tmp_path: Path, **files: bytes) -> Found:
    """Each keyword is a file's name, `__` for a dot."""
    paths = []
    for keyword, content in files.items():
        name = keyword.replace("__", ".")
        (tmp_path / name).write_bytes(content)
        paths.append(name)
    return read_folder(tmp_path, paths)


def damaged(archive: bytes) -> bytes:
    """*archive* with another checksum for its first member."""
    place = archive.index(b"PK\x01\x02") + 16
    return archive[:place] + bytes([archive[place] ^ 0xFF]) + archive[place + 1 :]


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for keyword, content in files.items():
            archive.writestr(keyword.replace("__", "."), content)
    return made.getvalue()


def text(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    return b"\x8c" + bytes([len(value)]) + value.encode()


def imported(module: str, name: str) -> bytes:
    """STACK_GLOBAL with its two names."""
    return text(module) + text(name) + b"\x93"


def wrapped(length: int, *, padded: bool = False) -> bytes:
    """The state of joblib's wrapper of an array of *length* bytes."""
    dtype = imported("numpy", "dtype") + text("u1") + b"\x89\x88\x87R"
    dtype += b"(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    state = text("subclass") + imported("numpy", "ndarray") + text("order") + text("C")
    state += text("shape") + b"K" + bytes([length]) + b"\x85" + text("dtype") + dtype
    state += text("allow_mmap") + b"\x89"
    return b"}(" + state + (text("numpy_array_alignment_bytes") + b"K\x10") * padded + b"u"


def numpy_file(header: bytes, content: bytes) -> bytes:
    whole = header.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(whole)) + whole + content


def wrapper_of(module: str) -> bytes:
    """The beginning of a pickle with an instance of joblib's wrapper, by *module*."""
    prefix = "numpy_pickle." if module == "joblib" else ""
    return b"\x80\x04" + imported(module, f"{prefix}NumpyArrayWrapper") + b")\x81"


TWO_KINDS = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'descr': '|O'}"


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
        ("model__pkl__gz", gzip.compress(EVIL, mtime=0)),
        ("model__bz2", bz2.compress(EVIL)),
        ("model__xz", lzma.compress(EVIL)),
        ("model__lzma", lzma.compress(EVIL, lzma.FORMAT_ALONE)),
        ("model__pt", zipped(data__pkl=EVIL)),
        ("model", zipped(inner=zipped(deeper=zipped(data=MARKED)))),
        ("model__zip", zipped(data=gzip.compress(MARKED, mtime=0))),
        ("weights__npy", b"\x93NUMPY\x01\x00\x36\x00"
         + b"{'descr': '|O', 'fortran_order': False, 'shape': ()}".ljust(53) + b"\n" + EVIL),
        ("weights__npy", b"\x93NUMPY\x01\x00\x36\x00"
         + b"{'descr':'object','fortran_order':False,'shape': ()}".ljust(53) + b"\n" + EVIL),
        ("weights__npy", numpy_file(TWO_KINDS, EVIL)),
        ("weights__npz", zipped(weights__npy=numpy_file(TWO_KINDS, EVIL))),
        ("weights__npy", numpy_file(b"{'descr': '<f8,O', 'fortran_order': 0, 'shape': ()}", EVIL)),
        ("weights__npy", numpy_file(b"{'descr': '<f8', 'shape': (1L,)}", EVIL)),
        ("weights__npy", numpy_file(b"(" * 5000, EVIL)),
        ("weights__npy", numpy_file(b"{'descr': '<f8'}" + b" " * 10_000, EVIL)),
        ("model", lzma.compress(EVIL, lzma.FORMAT_ALONE, filters=[
            {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 12}])),
        ("model__skops", zipped(schema__json=json.dumps(
            {"content": [{"__class__": "system", "__module__": "os"}]}).encode())),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # bytes differ from run to run
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
        ("data", gzip.compress(EVIL[:-1], mtime=0)),
        ("data", zlib.compress(damaged(zipped(first=b"text", evil__pkl=EVIL)))),
        ("notes__md", EVIL + b"junk"),  # who loads it by whatever name gets something out of it
        ("notes__txt__gz", gzip.compress(EVIL + b"junk", mtime=0)),
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
    ids=lambda value: value if isinstance(value, str) else "",  # bytes differ from run to run
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
    ids=lambda value: value if isinstance(value, str) else "",  # bytes differ from run to run
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


@pytest.mark.parametrize("module", ["joblib.numpy_pickle", "joblib"])
def test_opcodes_behind_what_only_joblib_takes_for_an_array_are_found(
    tmp_path: Path, module: str
) -> None:
    """A plain loader sees one value of bytes, but joblib takes its head for the array."""
    value = b"B" + struct.pack("<I", len(EVIL)) + EVIL + b"."

    found_ = found(tmp_path, model__joblib=wrapper_of(module) + wrapped(5) + b"b" + value)

    assert found_.unreadable == {"model.joblib"}
    assert ("os.system" in found_.imports.names) == (module == "joblib.numpy_pickle")


def test_an_array_that_is_told_twice_is_not_believed(tmp_path: Path) -> None:
    """joblib remembers from the first state that there is padding, whatever the second says."""
    first, second = wrapped(0, padded=True) + b"b\x00", wrapped(5) + b"b"
    # Five bytes of an array and a value; or a length of padding, that, an array, and opcodes.
    behind = b"\x05" + bytes(4) + b"B" + struct.pack("<I", len(EVIL) + 1) + b"\x00" + EVIL + b"."
    content = wrapper_of("joblib.numpy_pickle") + b"\x94" + first + b"h\x00" + second + behind

    assert found(tmp_path, model__joblib=content).unreadable == {"model.joblib"}


@pytest.mark.parametrize(
    ("description", "is_loaded"),
    [
        (b"flavors: {sklearn: {pickled_model: model.txt}}", True),
        (b'flavors: {sklearn: {pickled_model: "mod\\x65l.txt"}}', True),
        (b"flavors:\n  sklearn:\n    pickled_model: 'data/model.txt'", True),
        (b"flavors: {sklearn: [[{model.txt: 1}]]}", True),
        (b"flavors: {sklearn: {pickled_model: other.txt}}", False),
        (b"flavors: {sklearn: &x {pickled_model: *x}}", True),  # not readable: may say anything
        (b"flavors: \xff", True),
        (b"- model", True),
        (b"", True),
    ],
)
def test_a_text_is_loaded_if_the_description_may_name_it(
    tmp_path: Path, description: bytes, is_loaded: bool
) -> None:
    everything = found(tmp_path, MLmodel=description, model__txt=BREAKS_OFF)

    assert ("model.txt" in everything.unreadable) == is_loaded
    assert ("os.system" in everything.imports.names) == is_loaded


def test_a_model_within_a_model_may_name_texts_too(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/MLmodel").write_bytes(DESCRIPTION)
    (tmp_path / "inner/model.txt").write_bytes(BREAKS_OFF)

    assert read_folder(tmp_path, ["inner/MLmodel", "inner/model.txt"]).unreadable


@pytest.mark.parametrize("kind", ["f8", ">i4", "|S7", "<U3", "|b1", "<M8[us]", "c16"])
def test_a_numpy_file_of_numbers_is_no_pickle(tmp_path: Path, kind: str) -> None:
    np.save(tmp_path / "weights.npy", np.zeros(3, dtype=kind))

    assert read_folder(tmp_path, ["weights.npy"]) == Found(formats={"numpy"})


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
