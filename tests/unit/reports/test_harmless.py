from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.reports.harmless import (
    command_value,
    disarmed,
    json_text,
    log_text,
    message,
    printable,
    quoted,
)
from tests.fakes.job_log import PAYLOADS, commands, unseen

# What commands are made of, often; anything, sometimes.
TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from(":#[] \t\n\r\x1b\u200b\u00a0\ufe0fe"), st.characters())
)


def is_harmless(text: str) -> bool:
    log = text.encode()
    return not commands(log) and not unseen(log)


def test_the_payloads_are_not_harmless():
    assert len(PAYLOADS) >= 30
    assert [payload for payload in PAYLOADS if is_harmless(payload)] == ["%0A::error::percent"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_payload_is_dead_whatever_shows_it(payload: str):
    for shown in (
        disarmed(payload),
        f"error: {disarmed(message(payload), 'error: ')}",
        disarmed(quoted(payload)),
        disarmed(printable(payload)),
        json_text({payload: [payload]}),
    ):
        assert is_harmless(shown)


@given(st.lists(TEXTS))
def test_text_is_harmless_in_whatever_pieces_it_comes(pieces: list[str]):
    log = ""
    for piece in pieces:
        log += disarmed(piece, log.rpartition("\n")[2])

    assert is_harmless(log)


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"])))
def test_plain_text_stays_as_it_is(text: str):
    assert disarmed(text) == printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\r\nlines", r"two\r\nlines"),
        ("exe.\u202egnp", r"exe.\u202egnp"),
        ("tab\tstays", "tab\tstays"),
        ("naïve 日本 🛫", "naïve 日本 🛫"),
        ("lone \udcff", r"lone \udcff"),
    ],
)
def test_what_is_not_seen_is_shown_as_an_escape(text: str, shown: str):
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x\n", "\\::error::x\n"),
        ("a\n  ::error::x", "a\n  \\::error::x"),
        ("see a::b and A::B", "see a::b and A::B"),
        ("x ##[error]y", "x ##\\[error]y"),
        ("# heading [1]", "# heading [1]"),
    ],
)
def test_a_command_has_a_backslash_and_nothing_else_has(text: str, shown: str):
    assert disarmed(text) == shown


def test_colours_stay_where_they_are_wanted_and_nothing_else_does():
    text = "\x1b[31;1mred\x1b[0m \x1b[2J"

    assert disarmed(text, colours=True) == "\x1b[31;1mred\x1b[0m \\x1b[2J"
    assert "\x1b" not in disarmed(text)


def test_a_message_is_one_line_and_a_list():
    told = message("2 are wrong\n  one: a\n  two: b\nand\x07 more")

    assert told == "2 are wrong\n| one: a\n| two: b\\nand\\x07 more"
    assert message("not\na list") == r"not\na list"


def test_a_log_stands_behind_a_bar():
    assert quoted("a\n  b\n\n::c::\n\n") == "| a\n|   b\n| \n| ::c::"


@given(TEXTS)
def test_json_reads_back_as_it_was(text: str):
    written = json_text({"a": text})

    assert json.loads(written) == {"a": text}
    assert is_harmless(written)
    assert written.isascii()


def test_json_has_no_number_that_others_cannot_read():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"a": float("nan")})


@pytest.mark.parametrize("payload", PAYLOADS)
def test_lines_that_the_runner_makes_of_a_value_are_harmless(payload: str):
    for line in re.split("\r\n|\r|\n", command_value(payload)):
        assert "##[" not in line
        assert not unseen(line.encode())


def test_a_log_file_is_text_that_is_harmless_to_open():
    printed = b"1%\r2%\r\nd\xc3\xa9j\xc3\xa0 \xff\n\x1b[2J\x00::error::x\n##[error]y\n"

    assert log_text(printed, 1000).decode() == (
        "1%\n2%\ndéjà \ufffd\n\\x1b[2J\\x00::error::x\n##\\[error]y\n"
    )


@pytest.mark.parametrize("line", [b"short\n", b"\x1b" * 300 + b"\n"])
def test_of_a_long_log_whole_lines_at_the_end_are_kept(line: bytes):
    shown = log_text(line * 5_000 + b"last\n", 10_000)
    one = log_text(line, 10_000)

    assert shown.endswith(one + b"last\n")
    assert shown.startswith(one)
    assert 10_000 - len(one) <= len(shown) <= 10_000
