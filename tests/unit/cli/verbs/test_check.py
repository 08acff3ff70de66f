from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlgitops.cli.app import main
from tests.fakes.answers import valid
from tests.fakes.laboratory import FILES, Laboratory

Check = Callable[..., int]


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return Laboratory.create(tmp_path)


@pytest.fixture
def check(laboratory: Laboratory) -> Check:
    def run(*words: str) -> int:
        return main(["-C", str(laboratory.root), "check", *words])

    return run


def break_two(laboratory: Laboratory) -> None:
    laboratory.edit("mlops/pipelines/churn.yaml", "task: binary-", "task: binary%0A-")
    laboratory.edit("mlops/datasets/customers.yaml", "strategy: stratified", "strategy: random")


def test_good_specs_are_counted_by_kind(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0

    yaml_files = sum(path.endswith(".yaml") for path in FILES)
    assert capsys.readouterr() == (
        f"{yaml_files} specs are right: 1 Project, 1 Dataset, 3 Pipeline, 2 Environment\n",
        "",
    )


def test_good_specs_are_an_empty_list_and_no_annotation(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("--format", "json") == 0
    assert json.loads(capsys.readouterr().out) in ([], {"diagnostics": []})

    assert check("--format", "github") == 0
    assert "::" not in capsys.readouterr().out


def test_text_shows_every_place_on_stderr(
    laboratory: Laboratory, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    break_two(laboratory)

    assert check() == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "mlops/datasets/customers.yaml:" in err
    assert "mlops/pipelines/churn.yaml:5:9: SPEC204" in err
    assert err.rstrip().splitlines()[-1] == "error: 2 problems in the specs"


def test_json_is_the_result_with_the_same_code(
    laboratory: Laboratory, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    break_two(laboratory)

    assert check("--format", "json") == 2

    out, err = capsys.readouterr()
    assert err == ""
    assert "SPEC204" in json.dumps(json.loads(out))


def test_github_gets_an_escaped_annotation_for_each(
    laboratory: Laboratory, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    break_two(laboratory)

    assert check("--format", "github") == 2

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("::error file=mlops/") for line in lines)
    assert any("line=5,col=9" in line and "binary%250A-" in line for line in lines)


def test_nothing_is_written(laboratory: Laboratory, check: Check) -> None:
    before = sorted(laboratory.root.rglob("*"))
    check()

    assert sorted(laboratory.root.rglob("*")) == before


@pytest.mark.parametrize("form", ["text", "github", "json"])
def test_what_may_not_be_meant_is_told_and_is_no_error(
    laboratory: Laboratory, check: Check, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    laboratory.edit("mlops/pipelines/demand.yaml", "relative_margin: 0.02", "metric: mae")

    assert check("--format", form) == 0

    out, err = capsys.readouterr()
    if form == "json":
        answered = json.loads(out)
        assert (answered["diagnostics"], len(answered["warnings"])) == ([], 1)
        assert answered["warnings"][0]["code"] == "SPEC352"
    elif form == "github":
        assert out.startswith("::warning file=mlops/pipelines/demand.yaml,line=9,")
    else:
        assert "SPEC352 (warning)" in err
        assert out.startswith("7 specs are right")


@pytest.mark.parametrize("form", ["text", "github", "json"])
def test_strict_lets_no_warning_pass(
    laboratory: Laboratory, check: Check, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert check("--strict", "--format", form) == 0
    laboratory.edit("mlops/pipelines/demand.yaml", "relative_margin: 0.02", "metric: mae")
    capsys.readouterr()

    assert check("--strict", "--format", form) == 2

    out, err = capsys.readouterr()
    assert "SPEC352" in out + err
    assert "error: 1 warning, and --strict lets none pass" in err
    assert "are right" not in out
    if form == "json":
        assert valid("check", out)["error"]["code"] == 2
