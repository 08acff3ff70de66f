from __future__ import annotations

from mlgitops.reports.markdown_tables import folded, row, unlinked


def test_a_fold_leaves_blank_lines_so_that_markdown_is_read_inside():
    assert list(folded("2 more slices", ["| a |"])) == [
        "<details><summary>2 more slices</summary>",
        "",
        "| a |",
        "",
        "</details>",
    ]


def test_a_row_is_one_line():
    assert row("a", "b") == "| a | b |"


def test_an_interval_is_no_link_and_does_not_break():
    assert unlinked("[0.1, 0.2]") == "\\[0.1,\xa00.2\\]"
