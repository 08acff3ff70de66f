from __future__ import annotations

import re

import pytest

from mlgitops.cli.progress import PlainProgress, TerminalProgress, on_terminal_or_plain


class Terminal:
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({}, TerminalProgress),
        ({"TERM": "xterm"}, TerminalProgress),
        ({"TERM": "dumb"}, PlainProgress),
        ({"CI": "true"}, PlainProgress),
        ({"NO_COLOR": "1"}, PlainProgress),
    ],
)
def test_a_person_sees_a_spinner_and_a_log_sees_lines(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], kind: type
) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())

    assert isinstance(on_terminal_or_plain(environ), kind)


def test_a_file_sees_lines() -> None:
    assert isinstance(on_terminal_or_plain({}), PlainProgress)


def test_a_step_is_a_line_at_its_start_and_one_at_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with PlainProgress().step("train"):
        assert capsys.readouterr() == ("", "train …\n")

    assert re.fullmatch(r"train done in \d+\.\d s\n", capsys.readouterr().err)


def test_a_step_that_fails_is_not_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), PlainProgress().step("train"):
        raise KeyError

    assert capsys.readouterr().err == "train …\n"


def test_a_spinner_leaves_results_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress().step("train"):
        pass

    assert capsys.readouterr().out == ""


def test_a_step_within_a_step_has_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    progress = TerminalProgress()

    for _ in range(2):
        with progress.step("evaluate"):
            with progress.step("seed-8"):
                pass
            with pytest.raises(KeyError), progress.step("seed-9"):
                raise KeyError

    assert capsys.readouterr().out == ""
