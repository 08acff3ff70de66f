from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlgitops.cli.shape_cache import ShapeCache

ONE, OTHER = "sha256:1", "sha256:2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".mlgitops" / "checked.json"


def test_what_passed_is_known_next_time(path: Path) -> None:
    ShapeCache(path).add([ONE])
    ShapeCache(path).add([OTHER])

    assert ShapeCache(path).passed == {ONE, OTHER}
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_nothing_new_writes_nothing(path: Path) -> None:
    ShapeCache(path).add([ONE])
    before = path.stat().st_mtime_ns

    ShapeCache(path).add([ONE])

    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"schemas": 1, "passed": [1]}', "\x00"])
def test_a_cache_that_cannot_be_read_is_empty(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)

    assert ShapeCache(path).passed == frozenset()


def test_other_schemas_forget_what_passed(path: Path) -> None:
    ShapeCache(path).add([ONE])
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "schemas": "sha256:other"}))

    assert ShapeCache(path).passed == frozenset()


def test_a_cache_that_cannot_be_written_is_no_error(path: Path) -> None:
    path.parent.write_text("a file")

    cache = ShapeCache(path)
    cache.add([ONE])

    assert cache.passed == {ONE}
