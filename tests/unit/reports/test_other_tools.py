from __future__ import annotations

from typing import Any

import pytest

from mlgitops.model.curves import Curves
from mlgitops.reports import html
from mlgitops.reports.markdown import Merge, promotion_body
from mlgitops.reports.other_tools import other_tools


def test_every_report_is_listed_with_its_size_and_its_lists(cases: Any, told: Any, cells: Any):
    section = other_tools(cases["leaking"][0])

    assert told(section) == [
        (
            "Reports of other tools: <audit>, <findings>, <licence>, <scan>: policies judge them only "
            "where they name <ext>."
        )
    ]
    assert cells(section.grids[0]) == [
        ["<audit>", "60 bytes", "<dependencies> (1), <vulns> (0)"],
        ["<findings>", "15 bytes", "<(top)> (2)"],
        ["<licence>", "16 bytes", "\N{EN DASH}"],
        ["<scan>", "56 bytes", "<runs> (1), <results> (2)"],
    ]


def test_without_reports_what_asks_for_them_is_told(cases: Any, told: Any):
    section = other_tools(cases["retrained"][0])

    assert told(section) == [
        "- Reports of other tools: Not asked for: <evaluate.reports> asks for it."
    ]
    assert section.grids == ()


def test_page_and_body_have_them(cases: Any):
    evidence, decision, _ = cases["leaking"]
    page = html.render(evidence, decision, Curves(None, None))
    header = {"v": 1, "kind": "promotion"}
    body = promotion_body(header, evidence, decision, Merge((), ""))

    assert "<details><summary>4 reports of other tools</summary>" in body
    assert "<code>vulns</code> (0)" in page
    assert "`vulns` (0)" in body


@pytest.mark.parametrize("value", [None, 1.5, "text", [], {}, [[{"a": [1]}]], "\ud800"])
def test_any_json_is_a_report(value: Any, cases: Any):
    evidence = {**cases["retrained"][0], "ext": {"own": value}}

    assert len(other_tools(evidence).grids[0].rows) == 1  # type: ignore[arg-type] - a copy


def test_no_payload_gets_out_of_its_place(payload: str, cases: Any):
    evidence = {**cases["retrained"][0], "ext": {payload: {payload: [payload]}}}
    page = html.render(evidence, cases["retrained"][1], Curves(None, None))  # type: ignore[arg-type] - a copy

    assert "<script>" not in page
    assert "<img" not in page
