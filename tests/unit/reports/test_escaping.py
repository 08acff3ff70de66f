from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlgitops.reports.escaping import code, prose, spans, visible

FORGE = MarkdownIt("gfm-like", {"html": True, "linkify": True})
# Signs that mean something to Markdown or to a forge, often; anything, sometimes.
TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("`|\\[](){}<>!#@*_~:-+./ \n1aw"), st.characters())
)


def in_line(markdown: str) -> list[tuple[str, str]]:
    """Kinds and contents of what *markdown* comes to in the middle of a paragraph."""
    tokens = FORGE.parse(f"Before {markdown} after")

    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return [(child.type, child.content) for child in tokens[1].children or []]


def in_cell(markdown: str) -> list[tuple[str, str]]:
    """The same in a table's cell, which must stay one cell."""
    tokens = FORGE.parse(f"| a | b |\n|---|---|\n| {markdown} | last |\n")
    cells = [token for token in tokens if token.type == "inline"]

    assert [cell.content for cell in (cells[0], cells[1], cells[-1])] == ["a", "b", "last"]
    assert len(cells) == 4
    return [(child.type, child.content) for child in cells[2].children or []]


@given(TEXTS)
def test_a_value_is_one_code_span_and_reads_as_it_was(value: str):
    seen = visible(value) or None

    assert (
        in_line(code(value, cell=False))
        == [
            ("text", "Before "),
            *([("code_inline", seen), ("text", " after")] if seen else []),
        ]
        or seen is None
    )
    assert in_cell(code(value)) == [("code_inline", seen) if seen else ("text", "(blank)")]


@given(TEXTS)
def test_prose_is_plain_words_and_code_spans_only(text: str):
    for kind, content in in_line(prose(text, cell=False)) + in_cell(prose(text)):
        assert kind in ("text", "text_special", "code_inline")
        if kind != "code_inline":
            assert not set(content) & set("<>@#`|*_~&\\{}/=")


def test_every_payload_is_dead_in_prose_and_in_code(payload: str):
    for tokens in (in_line(prose(payload, cell=False)), in_cell(prose(payload))):
        assert {kind for kind, _ in tokens} <= {"text", "text_special", "code_inline"}
    assert len(in_cell(code(payload))) == 1


@given(st.text())
def test_visible_text_has_one_line_and_nothing_unseen(value: str):
    text = visible(value)

    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert len(text) <= 120
    assert text == text.strip()
    assert visible(text) == text


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("carrier=UA", "carrier=UA"),
        ("two\nlines\tand  blanks", "two lines and blanks"),
        ("exe.\u202efdp", "exe.fdp"),
        ("a\u200bb\ufeffc\u00ad", "abc"),
        ("hidden\U000e0041\U000e0042", "hidden"),
        ("\x1b[31mred", "[31mred"),
        ("naïve 日本 🛫", "naïve 日本 🛫"),
        (7, "7"),
    ],
)
def test_visible_keeps_what_people_read(value: object, seen: str):
    assert visible(value) == seen


def test_long_values_are_cut_and_say_so():
    assert visible("x" * 500) == "x" * 119 + "…"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("0 rows are on both sides", "0 rows are on both sides"),
        ("roc_auc is 0.6412, below 0.65.", "`roc_auc` is 0.6412, below 0.65."),
        ("between -0.01 and +0.02 (95%)", "between -0.01 and +0.02 (95%)"),
        ("gain [\N{MINUS SIGN}0.0012, +0.0134]", "gain \\[\N{MINUS SIGN}0.0012, +0.0134\\]"),
        ("run `mlgitops plan`: it tells", "run `mlgitops plan`: it tells"),
        ("ask @ops in #12", "ask `@ops` in `#12`"),
        ("`a``b`", "``` `a``b` ```"),
        ("`a`x_y`b`", "`a` `x_y` `b`"),
        ("1. first", "1\\. first"),
        ("11.3% are", "11.3% are"),
        ("commit deadbeef1 of v3", "commit `deadbeef1` of v3"),
        ("champion's non-inferior", "champion's non-inferior"),
        ("", ""),
    ],
)
def test_sentences_stay_readable(text: str, markdown: str):
    assert prose(text) == markdown


def test_spans_tell_code_from_words():
    assert spans("run `a b`, then ``x``") == [
        ("run ", False),
        ("a b", True),
        (", then ``x``", False),
    ]
