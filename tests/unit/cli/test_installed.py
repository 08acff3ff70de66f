from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from mlgitops.cli.installed import version, versions


@pytest.mark.parametrize(
    "package", ["mlgitops", "numpy", "scikit-learn", "PyYAML", "import-linter"]
)
def test_it_agrees_with_the_standard_library(package: str) -> None:
    assert version(package) == importlib.metadata.version(package)


def test_a_package_that_is_not_there_has_no_version() -> None:
    assert versions(("numpy", "no-such-package")) == {
        "numpy": importlib.metadata.version("numpy"),
        "no-such-package": None,
    }


def test_the_first_place_of_the_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy-0.0.1.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "absent")

    assert version("numpy") == "0.0.1"
