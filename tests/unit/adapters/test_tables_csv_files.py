from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.tables import unpacking
from mlgitops.adapters.tables.csv_files import read_csv
from mlgitops.adapters.tables.parquet_files import read_parquet
from mlgitops.adapters.tables.source_files import source_files
from mlgitops.model.dataset import Source
from mlgitops.model.errors import SpecError

PLAIN = b"a,b\n1,x\n2,y\n"


def zipped(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def read(folder: Path, content: bytes) -> pa.Table:
    (folder / "table.csv").write_bytes(content)
    return read_csv(source_files(folder, Source("s", "csv", "table.csv"))[0])


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        gzip.compress(PLAIN, mtime=0),
        gzip.compress(PLAIN[:4], mtime=0) + gzip.compress(PLAIN[4:], mtime=0),
        zipped(("table.csv", PLAIN)),
        zipped(("folder/", b""), ("folder/table.csv", PLAIN), ("__MACOSX/._table.csv", b"x")),
    ],
    ids=["plain", "bom", "crlf", "gzip", "gzip-members", "zip", "zip-macos"],
)
def test_plain_and_packed_files_give_the_same_table(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content).to_pydict() == {"a": [1, 2], "b": ["x", "y"]}


def test_types_are_told_by_all_rows(tmp_path: Path) -> None:
    rows = b"1,1,1,true,2013-01-01\n" * 500_000
    table = read(tmp_path, b"a,b,c,d,e\n" + rows + b"2.5,x,NA,false,2013-01-01T05:00:00\n")

    assert table.schema.types == [
        pa.float64(),
        pa.string(),
        pa.int64(),
        pa.bool_(),
        pa.timestamp("us"),
    ]


def test_times_with_a_zone_are_in_utc_to_the_microsecond(tmp_path: Path) -> None:
    table = read(tmp_path, b"t\n2013-01-01T05:00:00.123456789+02:00\n")

    assert table.schema.field("t").type == pa.timestamp("us", "UTC")
    assert table.column("t").cast(pa.int64()).to_pylist() == [1357009200123456]


def test_what_means_nothing_is_null_in_every_type(tmp_path: Path) -> None:
    table = read(tmp_path, b'a,b,c\nNA,NA,\n,"",\nnull,NULL,nan\nNaN,n/a,\n1.5,x,\n')

    assert table.to_pydict() == {
        "a": [None] * 4 + [1.5],
        "b": [None] * 4 + ["x"],
        "c": [None] * 5,
    }
    assert table.schema.types == [pa.float64(), pa.string(), pa.null()]


def test_quoted_values_may_hold_commas_quotes_and_line_ends(tmp_path: Path) -> None:
    table = read(tmp_path, b'a,b\n1,"x, ""y""\nz"\n2,w\n')

    assert table.to_pydict() == {"a": [1, 2], "b": ['x, "y"\nz', "w"]}


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    table = read(tmp_path, b"a,b\n")

    assert table.num_rows == 0
    assert table.column_names == ["a", "b"]


def test_any_line_end_ends_the_header(tmp_path: Path) -> None:
    assert read(tmp_path, "a,ü\r1,ü".encode()).to_pydict() == {"a": [1], "ü": ["ü"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"a,b\n1,2\n3\n4,5\n", r"row 3 has 1 values, the header \(row 1\) has 2"),
        (b"a,b\n" + b"1,2\n" * 3_000_000 + b"secret,2,3\n", "row 3000002 has 3 values"),
        (
            "a,b\n1,Zürich\n".encode("latin-1"),
            r"column 'b': not UTF-8 text, first at line 2 \(byte 7\)$",
        ),
        ("a,ü\n1,2\n".encode("latin-1"), r"not UTF-8 text, first at line 1 \(byte 2\)$"),
        ("a,b\n1,é\nü\n".encode("latin-1"), r"not UTF-8 text, first at line 2 \(byte 6\)$"),
        (b"a,b\n" + b"1,2\n" * 3_000_000 + b"\xfc\n", r"line 3000002 \(byte 12,000,004\)$"),
        ("a,b\n1,2\n".encode("utf-16"), "not UTF-8 text"),
        (bytes(range(256)) * 10, r"not UTF-8 text, first at line 2 \(byte 128\)$"),
        (b'a,b\n1,"x\n2,y\n', "one of them is never closed"),
        (b"a,b\n1," + b"x" * 20_000_000, "a row is longer than 8 MiB"),
        (b"a,b,a\n1,2,3\n", "more than one column is named 'a'"),
        (b",b\n1,2\n", "column 1 has no name"),
        (b"PAR1" + PLAIN, "a Parquet file, not CSV"),
        (b"PK\x03\x04garbage", "a damaged archive"),
        (b"\x1f\x8bgarbage", "a damaged archive"),
        (gzip.compress(PLAIN, mtime=0)[:-9], "a damaged archive"),
        (zipped(), "the archive is empty"),
        (zipped(("a.csv", PLAIN), ("b.csv", PLAIN)), "the archive has 2 files, not one"),
        (zipped(("../../a.csv", PLAIN)), "named '../../a.csv'"),
        (zipped(("/etc/a.csv", PLAIN)), "named '/etc/a.csv'"),
        (zipped(("a.csv", b"")), "the file is empty"),
    ],
)
def test_what_is_not_a_table_is_refused_in_one_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        read(tmp_path, content)

    assert caught.value.message.startswith("table.csv: ")
    assert "\n" not in caught.value.message
    assert "secret" not in caught.value.message


def test_a_zip_whose_bytes_were_altered_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(("a.csv", PLAIN + b"3,z\n" * 1000)))
    content[45] ^= 0xFF

    with pytest.raises(SpecError, match="a damaged archive"):
        read(tmp_path, bytes(content))


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(("a.csv", PLAIN)))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(header) + flags] |= 1

    with pytest.raises(SpecError, match="encrypted"):
        read(tmp_path, bytes(content))


def test_a_zip_by_an_unknown_method_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(("a.csv", PLAIN)))
    for header, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(header) + method] = 97

    with pytest.raises(SpecError, match="a method that is not supported"):
        read(tmp_path, bytes(content))


@pytest.mark.parametrize("reader", [read_csv, read_parquet])
def test_a_file_that_vanished_is_refused(tmp_path: Path, reader: object) -> None:
    (tmp_path / "table.csv").write_bytes(PLAIN)
    file = source_files(tmp_path, Source("s", "csv", "table.csv"))[0]
    Path(file.path).unlink()

    with pytest.raises(SpecError, match=r"table\.csv cannot be read: No such file"):
        reader(file)  # type: ignore[operator]


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(("a.csv", content))])
def test_bombs_are_refused(tmp_path: Path, pack: object) -> None:
    content = pack(b"a\n1\n" + b"\n" * (200 << 20))  # type: ignore[operator]

    with pytest.raises(SpecError, match="unpacks to more than"):
        read(tmp_path, content)


def test_small_constant_files_are_no_bombs(tmp_path: Path) -> None:
    table = read(tmp_path, zipped(("a.csv", b"a\n" + b"1\n" * 5_000_000)))

    assert table.num_rows == 5_000_000


def test_the_limit_counts_what_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_BYTES", 1000)

    for content in (PLAIN * 100, gzip.compress(PLAIN * 100), zipped(("a.csv", PLAIN * 100))):
        with pytest.raises(SpecError, match="unpacks to more than"):
            read(tmp_path, content)
