from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from mlgitops.adapters.tables import digests
from mlgitops.adapters.tables.digests import files_digest
from mlgitops.adapters.tables.source_files import source_files
from mlgitops.model.dataset import Source
from mlgitops.model.digest import FileEntry, Manifest
from mlgitops.model.errors import SpecError


def digest(root: Path) -> str:
    return files_digest(source_files(root, Source("s", "files", "data")))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for number in range(5):
        (tmp_path / f"data/{number}.csv").write_bytes(b"%d" % number * (number * 700_000))
    return tmp_path


def test_the_digest_is_that_of_the_manifest_of_names_sizes_and_bytes(root: Path) -> None:
    entries = [
        FileEntry(
            f"data/{path.name}", path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in (root / "data").iterdir()
    ]

    assert digest(root) == Manifest(tuple(entries)).digest


def test_every_byte_and_name_counts(root: Path) -> None:
    seen = {digest(root)}
    last = root / "data/4.csv"
    last.write_bytes(last.read_bytes()[:-1] + b"x")
    seen.add(digest(root))
    last.rename(root / "data/5.csv")
    seen.add(digest(root))
    (root / "data/6.csv").touch()
    seen.add(digest(root))

    assert len(seen) == 4


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
@pytest.mark.parametrize("listed", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_all_bytes_count_whatever_size_was_listed(size: int, listed: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "data").write_bytes(bytes(listed))
    files = source_files(tmp_path, Source("s", "files", "data"))
    (tmp_path / "data").write_bytes(content)
    entry = FileEntry("data", size, hashlib.sha256(content).hexdigest())

    assert files_digest(files) == Manifest((entry,)).digest


def test_a_file_that_vanished_is_a_spec_error(root: Path) -> None:
    files = source_files(root, Source("s", "files", "data"))
    (root / "data/3.csv").unlink()

    with pytest.raises(SpecError, match=r"'data/3.csv' cannot be read: No such file"):
        files_digest(files)


def test_a_digest_needs_neither_arrow_nor_numpy(root: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from mlgitops.adapters.tables.arrow_tables import ArrowTables\n"
        "from mlgitops.model.dataset import Source\n"
        "print(ArrowTables(Path(sys.argv[1]), {}).source_digest(Source('s', 'files', 'data')))\n"
        "heavy = {'pyarrow', 'numpy', 'pandas', 'sqlalchemy'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(root)], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == digest(root)


def test_two_threads_find_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = digest(root)
    monkeypatch.setattr(digests, "_WORTH_THREADS_BYTES", 0)
    monkeypatch.setattr(digests, "_WORTH_A_TURN_BYTES", 0)

    assert digest(root) == alone
