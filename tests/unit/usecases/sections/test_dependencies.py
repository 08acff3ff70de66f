from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.usecases.sections.dependencies import dependencies

STATED = {
    "expression": "License-Expression: BSD-3-Clause AND MIT\nClassifier: License :: Other\n",
    "classified": "License: anything\nClassifier: License :: OSI Approved :: MIT License\n"
    "Classifier: License :: OSI Approved\nClassifier: Programming Language :: Python\n",
    "twice": "Classifier: License :: OSI Approved :: MIT License\n"
    "Classifier: License :: OSI Approved :: BSD License\n",
    "named": "License: Apache 2.0\n",
    "unknown": "License: UNKNOWN\n",
    "written-out": f"License: {'Permission is hereby granted, ' * 5}\n",
    "silent": "",
}


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model's folder, beside packages that state licences and cannot be imported."""
    for name, lines in STATED.items():
        info = tmp_path / "site" / f"{name.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        text = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.2\n{lines}"
        (info / "METADATA").write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "site")
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


def listed(model: Path, *lines: str) -> list[tuple[str, str, str]]:
    (model / "requirements.txt").write_text("\n".join(lines))
    return [(one["name"], one["version"], one["licence"]) for one in dependencies(model)]


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("expression", "BSD-3-Clause AND MIT"),
        ("classified", "MIT License"),
        ("twice", "MIT License, BSD License"),
        ("named", "Apache 2.0"),
        ("unknown", ""),
        ("written-out", ""),
        ("silent", ""),
    ],
)
def test_licences_are_those_that_packages_state(model: Path, name: str, licence: str) -> None:
    assert listed(model, f"{name}==1.2") == [(name, "1.2", licence)]


@pytest.mark.parametrize(
    ("line", "dependency"),
    [
        ("named", ("named", "", "Apache 2.0")),
        ("named >= 1, < 2", ("named", "", "Apache 2.0")),
        ("named==1.*", ("named", "", "Apache 2.0")),
        ("named==1.2.0", ("named", "1.2.0", "Apache 2.0")),
        ("named===1.2", ("named", "1.2", "Apache 2.0")),
        ("Named[extra]==1.2 ; python_version > '3'  # why", ("named", "1.2", "Apache 2.0")),
        ("named==1.2 --hash=sha256:abc", ("named", "1.2", "Apache 2.0")),
        ("No.Such__Package==1", ("no-such-package", "1", "")),
        ("named==9.9", ("named", "9.9", "")),  # whose licence may be another
        ("no-such-package==1", ("no-such-package", "1", "")),
        ("named @ https://example.org/named.whl", ("named", "", "Apache 2.0")),
        ("--extra-index-url https://ada:secret@example.org", ("--extra-index-url", "", "")),
        ("git+https://ada:secret@example.org/x.git", ("git+https://example.org/x.git", "", "")),
        ("./wheels/x.whl", ("./wheels/x.whl", "", "")),
        ("git+https://example.org/x@v1#egg=x", ("git+https://example.org/x@v1", "", "")),
    ],
)
def test_every_line_is_a_dependency(
    model: Path, line: str, dependency: tuple[str, str, str]
) -> None:
    assert listed(model, "# pinned", "", line) == [dependency]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("git+https://ada:se@cret@example.org/x", "git+https://example.org/x"),
        ("https://ada:se/cret@example.org/x.whl", "https://example.org/x.whl"),
        ("https://ada:se cret@example.org/x.whl", "https://example.org/x.whl"),
        ("https://ada:se://cret@example.org/x.whl", "https://example.org/x.whl"),
        ("git+https://ada:secret@example.org/x@v1", "git+https://v1"),
        ("git+https://example/x?token=secret", "git+https://example/x"),
        ("git+https://example.org/x?token=se@cret", "git+https://example.org/x"),
        ("https://example.org/x.whl?a=1#secret", "https://example.org/x.whl"),
        ("https://example.org?token=secret", "https://example.org"),
        ("git+https://example/x?token=se@cret", "git+https://"),
        ("https://ada:se?cret@example.org/x.whl", "https://"),
        (
            "--index-url=https://ada:secret@example.org/simple",
            "--index-url=https://example.org/simple",
        ),
        ("--proxy=ada:secret@example.org:3128", "example.org:3128"),
        ("named @ https://ada:se cret@example.org/x", "named"),
    ],
)
def test_nothing_that_may_be_a_secret_is_kept(model: Path, line: str, kept: str) -> None:
    assert listed(model, line) == [(kept, "", "")]


def test_order_is_kept_and_lines_are_joined(model: Path) -> None:
    found = listed(model, "twice==1.2", "named==1.2 \\", "  --hash=sha256:abc")

    assert [name for name, *_ in found] == ["twice", "named"]


def test_without_a_file_there_are_none(model: Path) -> None:
    assert dependencies(model) == []
