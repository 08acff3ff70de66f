from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from mlgitops.reports import markdown_sections as sections


def test_a_candidate_without_gates_was_not_judged(cases: Any):
    evidence, decision, _ = cases["retrained"]

    assert list(sections.gates(evidence, replace(decision, gates=()))) == [
        "No policy is bound, so nothing was judged."
    ]


def test_failing_rows_are_named_by_key(cases: Any):
    evidence, _, _ = cases["retrained"]

    assert any("`flight_id=2013-06-13T00-EWR-UA-1071`" in line for line in sections.data(evidence))


def test_uncommitted_changes_and_samples_show_in_the_lineage(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["leaking"])
    evidence["producer"]["sample"] = 1_000
    lines = list(sections.lineage(evidence, decision))

    assert "| Commit | `8e1f2c0a9b0a`, with uncommitted changes |" in lines
    assert "| Rows used | a sample of 1,000 |" in lines


def test_long_lists_end_with_a_count(cases: Any):
    evidence, _, _ = copy.deepcopy(cases["retrained"])
    evidence["subject"]["inputs"] = [{"name": f"c{i}", "type": "double"} for i in range(55)]

    assert any(line.endswith("and 15 more") for line in sections.model(evidence))
