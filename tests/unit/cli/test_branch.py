from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.cli import branch

PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: orders}\n"


def test_the_work_tree_names_the_branch(tmp_path: Path) -> None:
    (tmp_path / "mlgitops.yaml").write_text(f"{PROJECT}spec: {{branch: trunk}}\n")

    assert branch.named_in(tmp_path) == "trunk"


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff",
        b"[",
        PROJECT.encode(),
        b"spec: none\n",
        b"spec: {branch: [a]}\n",
        b"spec: {branch: ''}\n",
    ],
)
def test_it_is_main_where_nothing_can_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "mlgitops.yaml").write_bytes(content)

    assert branch.named_in(tmp_path) == "main"
