from __future__ import annotations

from typing import Any

from mlgitops.reports.facts import (
    Fact,
    Names,
    Span,
    counted,
    gained,
    measured,
    missing,
    names,
    not_asked,
    rows,
)

GROUPED: Any = {"value": 0.5, "low": 0.45, "high": 0.5512, "n": 12_000, "clusters": 310}


def test_a_value_keeps_its_interval_in_one_piece():
    assert measured(GROUPED) == ("0.5000", " ", Span("[0.4500, 0.5512]"))


def test_a_gain_has_signs():
    told: Any = {"delta": -0.01, "low": -0.03, "high": 0.01}

    assert gained(told) == ("\N{MINUS SIGN}0.0100", " ", Span("[\N{MINUS SIGN}0.0300, +0.0100]"))


def test_rows_that_are_not_independent_are_said_to_be_clustered():
    alone: Any = {key: value for key, value in GROUPED.items() if key != "clusters"}

    assert rows(GROUPED) == "12,000 rows in 310 clusters"
    assert rows(alone) == "12,000 rows"


def test_long_lists_end_with_a_count():
    assert names(f"c{i}" for i in range(23)) == Names(tuple(f"c{i}" for i in range(20)), 3)
    assert names(["a"]) == Names(("a",))


def test_what_is_counted_stays_apart_from_its_name():
    assert counted([(("a", "b"), "1 row"), (("c",), "2 rows")]) == (
        *(Names(("a", "b")), " (1 row)", ", "),
        *(Names(("c",)), " (2 rows)"),
    )
    assert counted(((f"c{i}",), "1") for i in range(21))[-1] == " and 1 more"


def test_missing_is_a_tone_and_names_the_key_that_asks():
    assert missing("Cost", "None.") == Fact("Cost", ("None.",), "missing")
    assert not_asked("Latency", "a.b").text == ("Not asked for: ", Names(("a.b",)), " asks for it.")
    assert not_asked("X", "a.b", or_undefined=True).text[0] == (
        "Not asked for, or not defined on these rows: "
    )
