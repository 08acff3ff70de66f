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
    complain(SpecError("m", hint="h", details="Traceback …\n  File\n\n"), {})

    assert capsys.readouterr().err == "error: m\n| Traceback …\n|   File\nhint: h\n"


def test_a_message_is_one_line_above_its_list(capsys: pytest.CaptureFixture[str]) -> None:
    complain(SpecError("2 are wrong\n  one: a\n  two: b\n::c", hint="h\n::error::"), {})

    assert capsys.readouterr().err == (
        "error: 2 are wrong\n| one: a\n| two: b\\n::c\nhint: h\\n::error::\n"
    )


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ([], "VERB", "mlgitops --help"),
        (["chekc"], "invalid choice: 'chekc'", "mlgitops --help"),
        (["chekc"], "did you mean 'check'?", "mlgitops --help"),
        (["-C", "x", "rolback"], "did you mean 'rollback'?", "mlgitops --help"),
        (["check", "--formt"], "unrecognized arguments: --formt", "mlgitops check --help"),
        (["check", "--formt=json"], "did you mean '--format'?", "mlgitops check --help"),
        (["-C", "x", "plan", "--exitcode"], "did you mean '--exit-code'?", "mlgitops plan --help"),
        (["check", "--zzz", "more"], "unrecognized arguments: --zzz more", "mlgitops check --help"),
        (["--zzz", "check"], "unrecognized arguments: --zzz", "mlgitops check --help"),
        (["check", "--format", "xml"], "invalid choice: 'xml'", "mlgitops check --help"),
        (["run", "--from", "trian"], "invalid choice: 'trian'", "mlgitops run --help"),
        (["run", "--from", "trian"], "did you mean 'train'?", "mlgitops run --help"),
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


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with a project that has no models."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(tmp_path)], check=True)
    project = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: shop}\n"
    (tmp_path / "mlgitops.yaml").write_text(project)
    for words in (["add", "."], ["commit", "--quiet", "-m", "Begin"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


def process(shop: Path, *words: str, **given: Any) -> subprocess.CompletedProcess[str]:
    """A command line in a process of its own, with *given* streams and environment."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given}
    command = [sys.executable, "-m", "mlgitops", *words]
    return subprocess.run(command, cwd=shop, text=True, check=False, **streams)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("plan",), 0),
        (("check",), 0),
        (("--help",), 0),
        (("run",), 2),
        (("run", "--format", "json"), 2),
        (("-C", "nowhere", "check", "--format", "json"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_reader_that_goes_away_changes_no_exit_code(
    shop: Path, words: tuple[str, ...], code: int
) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    ended = process(shop, *words, stdout=writer)
    os.close(writer)

    assert ended.returncode == code == process(shop, *words).returncode
    assert "Traceback" not in ended.stderr
    assert ended.stderr or not code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "words",
    [("plan",), ("check",), ("check", "--format", "json"), ("--help",), ("plan", "--format=json")],
    ids=" ".join,
)
def test_a_full_disk_is_told_in_a_line(shop: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = process(shop, *words, stdout=full)

    assert ended.returncode == Unavailable.exit_code
    assert ended.stderr == (
        "error: the output cannot be written: No space left on device\n"
        "hint: free some space, then run the same command again\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_where_both_streams_are_full_the_code_is_left(shop: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = process(shop, "plan", stdout=full, stderr=full)

    assert ended.returncode == Unavailable.exit_code


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_what_an_encoding_lacks_is_escaped(shop: Path, encoding: str) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": encoding}  # noqa: TID251 - a shell's
    program = (
        "import os, sys; from mlgitops.cli import output; output.guard(os.environ); "
        "from rich.console import Console; Console(width=60).print('a \u2192 b'); print('\u2192')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=shop, env=environ, capture_output=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout == b"a \\u2192 b\n\\u2192\n"


@pytest.mark.parametrize(
    ("environ", "is_plain"),
    [({}, False), ({"NO_COLOR": "1"}, True), ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True)],
    ids=str,
)
def test_no_color_leaves_no_escape_on_a_terminal(
    shop: Path, environ: dict[str, str], is_plain: bool
) -> None:
    (shop / "mlops" / "environments").mkdir(parents=True)
    for name, text in (
        ("mlops/environments/staging.yaml", "kind: Environment\nmetadata: {name: staging}\n"),
        ("mlops/environments/wrong.yaml", "kind: Environmet\n"),
    ):
        (shop / name).write_text(f"apiVersion: mlgitops.dev/v1\n{text}")
    ours, theirs = os.openpty()
    given = {**os.environ, "TERM": "xterm-256color", **environ}  # noqa: TID251 - a shell's
    ended = process(shop, "check", stdout=theirs, stderr=theirs, env=given)
    os.close(theirs)
    shown = os.read(ours, 1 << 16)
    os.close(ours)

    assert ended.returncode == 2
    assert b"Environmet" in shown
    assert (b"\x1b" not in shown) is is_plain


@pytest.mark.parametrize("columns", [60, 120])
def test_help_is_as_wide_as_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    widest = max(map(len, capsys.readouterr().out.splitlines()))

    assert columns - 20 < widest <= columns
