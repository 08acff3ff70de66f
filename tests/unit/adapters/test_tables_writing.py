from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa  # noqa: TID253 - tests may start slowly
import pyarrow.parquet as pq  # noqa: TID253 - tests may start slowly
import pytest

from mlgitops.adapters.tables.writing import table_digest, write_table
from mlgitops.model.errors import Unavailable


@pytest.fixture
def small_disk(tmp_path: Path, require: Callable[[str, str], NoReturn]) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        reason = done.stderr.strip() if done.returncode else ""
    except FileNotFoundError as error:
        reason = str(error)
    if reason:
        require("a mount of a small disk", reason)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def large_table() -> pa.Table:
    random = np.random.default_rng(7)
    return pa.table({"x": random.normal(size=1_000_000), "y": random.integers(0, 9, 1_000_000)})


def test_equal_content_gives_equal_bytes_however_it_lies_in_memory(tmp_path: Path) -> None:
    table = large_table().slice(0, 300_000)
    pieces = pa.concat_tables([table.slice(0, 7), table.slice(7, 150_000), table.slice(150_007)])
    for number, content in enumerate((table, pieces, table.combine_chunks())):
        write_table(content, tmp_path / f"{number}.parquet")

    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}

    assert {f"sha256:{digest}" for digest in digests} == {table_digest(pieces)}
    assert pq.read_table(tmp_path / "1.parquet").equals(table)


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    write_table(pa.table({"x": pa.array([], pa.int64())}), tmp_path / "t.parquet")

    assert pq.read_schema(tmp_path / "t.parquet").field("x").type == pa.int64()


def test_a_full_disk_tears_no_file(small_disk: Path) -> None:
    out = small_disk / "table.parquet"
    write_table(pa.table({"x": [1]}), out)
    before = out.read_bytes()

    with pytest.raises(Unavailable, match="No space left on device"):
        write_table(large_table(), out)

    assert out.read_bytes() == before
    assert list(small_disk.iterdir()) == [out]


def test_a_full_disk_leaves_no_new_file(small_disk: Path) -> None:
    with pytest.raises(Unavailable):
        write_table(large_table(), small_disk / "table.parquet")

    assert list(small_disk.iterdir()) == []


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"t\.parquet could not be written: No such file"):
        write_table(pa.table({"x": [1]}), tmp_path / "nowhere" / "t.parquet")
