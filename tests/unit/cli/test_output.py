from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, cast

import pytest

from mlgitops.cli.output import Guard, Unwritten, commands, guard, unguarded
from tests.fakes import job_log
from tests.fakes.job_log import PAYLOADS


def guarded(*, colours: bool = False) -> tuple[Guard, io.StringIO]:
    out = io.StringIO()
    return Guard(out, colours=colours), out


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_no_payload_passes_in_pieces_of_any_size(payload: str, size: int) -> None:
    stream, out = guarded()
    for start in range(0, len(payload), size):
        stream.write(payload[start : start + size])

    log = out.getvalue().encode()
    assert not job_log.commands(log)
    assert not job_log.unseen(log)


def test_what_is_harmless_passes_as_it_is() -> None:
    text = "churn\n  train     ran  0.1 s  changed: a, b…\n\n  ✓ [0.1, 0.2]\tx: a::b\n"
    stream, out = guarded()

    assert stream.write(text) == len(text)
    stream.writelines(["a: ", "b\n"])
    assert out.getvalue() == f"{text}a: b\n"


def test_a_long_unfinished_line_stays_as_it_is() -> None:
    stream, out = guarded()
    pieces = ["a::" * 200, "::b::", " " * 300, "::c\n", "d"]
    stream.writelines(pieces)

    assert out.getvalue() == "".join(pieces)


def test_colours_pass_where_they_are_wanted() -> None:
    for colours, shown in ((True, "\x1b[31mred"), (False, "\\x1b[31mred")):
        stream, out = guarded(colours=colours)
        stream.write("\x1b[31mred")

        assert out.getvalue() == shown


def test_commands_go_by_the_guard() -> None:
    stream, out = guarded()
    commands(cast("io.TextIOWrapper", stream), "::error::x\n")

    assert out.getvalue() == "::error::x\n"
    assert unguarded(cast("io.TextIOWrapper", stream)) is out
    assert unguarded(sys.stdout) is sys.stdout


@pytest.mark.parametrize(
    ("environ", "has_colours"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"TTY_COMPATIBLE": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    ],
)
def test_the_standard_streams_are_guarded(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], has_colours: bool
) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)

    guard(environ)
    print("::error::\x1b[31mx")  # noqa: T201 - what any library may do
    print("\x1b[31mx", file=sys.stderr)  # noqa: T201 - as above

    assert out.getvalue().startswith("\\::error::")
    assert (err.getvalue() == "\x1b[31mx\n") is has_colours


def test_a_process_without_streams_has_none_to_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", io.StringIO())

    guard({})

    assert sys.stderr is None


class Full(io.StringIO):
    """A stream whose disk is full."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = write  # type: ignore[assignment]  # as far as it is used


def test_a_stream_that_takes_no_more_says_why() -> None:
    stream = Guard(Full(), colours=False)

    for write in (lambda: stream.write("a"), lambda: commands(cast("Any", stream), "::a\n")):
        with pytest.raises(Unwritten, match="No space left"):
            write()


def test_a_reader_that_goes_away_misses_the_rest() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = Guard(os.fdopen(writer, "w"), colours=False)

    for _again in range(2):
        stream.write("a" * 100_000)
        stream.flush()
    stream.guarded.close()
