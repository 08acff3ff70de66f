from __future__ import annotations

from mlgitops.reports.facts import Fact, Grid, Names, Prose, Section, Span
from mlgitops.reports.markdown_facts import fact_rows, section, shown


def grid(rows: int) -> Grid:
    lines = tuple(((Names((f"a|{i}",)),), (f"{i}",)) for i in range(rows))
    return Grid(
        "thing", "things", ("All of ", Names(("x",))), ("Name", "Rank"), lines, frozenset({1})
    )


def test_names_are_code_and_intervals_are_no_links():
    text = ("in ", Names(("a|b", "[c](d)"), 2), " ", Span("[1, 2]"), Prose(". See https://x.y"))

    assert shown(text) == (
        "in `a\\|b`, `[c](d)` and 2 more \\[1,\N{NO-BREAK SPACE}2\\]. See `https://x.y`"
    )


def test_what_is_bad_and_what_is_missing_have_signs():
    facts = (Fact("A", ("a",)), Fact("B", ("b",), "worse"), Fact("C", ("c",), "missing"))

    assert list(fact_rows(facts)) == ["| A | a |", "| B | ⚠️ b |", "| C | \N{HEAVY MINUS SIGN} c |"]


def test_grids_are_folded_below_the_facts():
    assert list(section(Section((Fact("A", ("a",)),), (grid(1),)))) == [
        "| | |",
        "|:--|:--|",
        "| A | a |",
        "",
        "<details><summary>1 thing</summary>",
        "",
        "All of `x`.",
        "",
        "| Name | Rank |",
        "|:--|--:|",
        "| `a\\|0` | 0 |",
        "",
        "</details>",
    ]


def test_long_grids_end_with_a_count():
    lines = list(section(Section((), (grid(42),))))

    assert "<details><summary>42 things</summary>" in lines
    assert sum(line.startswith("| `a") for line in lines) == 30
    assert "12 more are in the evidence." in lines
