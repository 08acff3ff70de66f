from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mlgitops.cli.app import INTERRUPTED, VERBS, complain, main
from mlgitops.model.errors import (
    ChangesPending,
    GateFailed,
    Inconclusive,
    MissingExtra,
    MlgitopsError,
    PlanIsStale,
    SpecError,
    Unavailable,
)
from mlgitops.model.source import Diagnostic, Span

Run = Callable[..., int]


@pytest.fixture
def check_that(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], int]:
    """Run `mlgitops check` with a verb that does what it is told."""

    def run(execute: Callable[[], int]) -> int:
        verb: Any = ModuleType("mlgitops.cli.verbs.check")
        verb.configure = lambda _parser: None
        verb.execute = lambda _arguments, _wiring: execute()
        monkeypatch.setitem(sys.modules, verb.__name__, verb)
        return main(["check"])

    return run


def raising(error: BaseException) -> Callable[[], int]:
    def execute() -> int:
        raise error

    return execute


ERRORS: list[tuple[MlgitopsError, int]] = [
    (SpecError("m", hint="h"), 2),
    (GateFailed("m", hint="h"), 3),
    (ChangesPending("m", hint="h"), 4),
    (PlanIsStale("m", hint="h"), 5),
    (Unavailable("m", hint="h"), 6),
    (Inconclusive("m", hint="h"), 8),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda one: type(one).__name__)
def test_every_stop_on_purpose_has_its_code_and_says_why(
    check_that: Any, capsys: pytest.CaptureFixture[str], error: MlgitopsError, code: int
) -> None:
    assert check_that(raising(error)) == code

    assert capsys.readouterr() == ("", "error: m\nhint: h\n")


def test_a_missing_package_names_the_extra(
    check_that: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_that(raising(MissingExtra("mlflow", extra="mlflow"))) == 7

    assert "hint: pip install 'mlgitops[mlflow]'" in capsys.readouterr().err


def test_a_verb_that_has_its_way_chooses_its_code(check_that: Any) -> None:
    assert check_that(lambda: 4) == 4


def test_an_interruption_is_130(check_that: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_that(raising(KeyboardInterrupt())) == INTERRUPTED == 130

    assert capsys.readouterr().err == "interrupted\n"


def test_a_bug_keeps_its_traceback(check_that: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        check_that(raising(ZeroDivisionError()))


def test_diagnostics_show_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = "kind: Projekt\n"
    found = Diagnostic("SPEC209", "unknown kind", Span("mlgitops.yaml", 1, 7, 6, 13))

    complain(SpecError("1 problem", diagnostics=[found]), {"mlgitops.yaml": text})

    err = capsys.readouterr().err
    assert "mlgitops.yaml:1:7: SPEC209 " in err
    assert "kind: Projekt" in err
    assert err.endswith("error: 1 problem\n")


def test_details_stand_between_message_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    complain(SpecError("m", hint="h", details="Traceback …\n\n"), {})

    assert capsys.readouterr().err == "error: m\nTraceback …\nhint: h\n"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ([], "VERB", "mlgitops --help"),
        (["chekc"], "invalid choice: 'chekc'", "mlgitops --help"),
        (["check", "--formt"], "unrecognized arguments: --formt", "mlgitops --help"),
        (["check", "--format", "xml"], "invalid choice: 'xml'", "mlgitops check --help"),
        (["run", "--from", "trian"], "invalid choice: 'trian'", "mlgitops run --help"),
        (["run", "--sample", "many"], "invalid int value: 'many'", "mlgitops run --help"),
        (["promote"], "--to", "mlgitops promote --help"),
        (["rollback"], "--env", "mlgitops rollback --help"),
        (["explain"], "STEP", "mlgitops explain --help"),
        (
            ["promote", "--to", "x", "--version", "1", "--candidate", "a"],
            "not allowed with",
            "mlgitops promote --help",
        ),
        (["-C"], "expected one argument", "mlgitops --help"),
    ],
)
def test_misuse_is_2_and_points_to_the_help(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str, hint: str
) -> None:
    assert main(words) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: .*" + re.escape(message) + r".*\n.*", err.rstrip("\n"))
    assert err.endswith(f"hint: {hint}\n")


def test_the_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"mlgitops {version('mlgitops')}\n"


def test_the_help_lists_every_verb_and_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    out = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert all(f"{verb} {sentence}" in out for verb, sentence in VERBS.items())
    assert all(f"{code} " in out for code in (0, 2, 3, 4, 5, 6, 7, 8))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])

    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert out.startswith(f"usage: mlgitops {verb}")
    assert f"{verb}: {VERBS[verb]}." in " ".join(out.split())


@pytest.mark.parametrize("before", [True, False])
def test_c_works_in_another_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: bool
) -> None:
    words = ["-C", str(tmp_path / "nowhere"), "check"]

    assert main(words if before else [*words[:2], "check", "--format", "text"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(tmp_path)], check=True)
    project = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: shop}\n"
    (tmp_path / "mlgitops.yaml").write_text(project)
    for words in (["add", "."], ["commit", "--quiet", "-m", "Begin"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    reader, writer = os.pipe()
    os.close(reader)

    ended = subprocess.run(
        [sys.executable, "-m", "mlgitops", "plan"],
        cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, "")
