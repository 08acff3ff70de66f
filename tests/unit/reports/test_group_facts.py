from __future__ import annotations

import copy
from typing import Any

from mlgitops.reports.group_facts import fairness


def test_the_widest_gap_and_the_small_groups_are_told(cases: Any, told: Any):
    assert told(fairness(cases["retrained"][0])) == [
        (
            "Fairness: By <origin>: widest in <true_positive_rate>, 0.0710 [0.0500, 0.0920] from "
            "<origin=JFK> to <origin=EWR>, of 2 groups."
        ),
        "- Fairness: By <origin>: too small to judge: <origin=SWF> (41 rows).",
    ]


def test_gaps_have_both_groups_rows_and_method(cases: Any, cells: Any):
    gaps, _ = fairness(cases["retrained"][0]).grids

    assert cells(gaps) == [
        ["<true_positive_rate>", "<origin=JFK>", "<origin=EWR>", "0.0710 [0.0500, 0.0920]",
         "0.8840 [0.8500, 0.9180]", "27,489", "<bootstrap>"],
        ["<selection_rate>", "<origin=JFK>", "<origin=EWR>", "0.0400 [0.0190, 0.0610]", "\N{EN DASH}", "27,489",
         "<bootstrap>"],
    ]  # fmt: skip


def test_each_group_has_its_rates_or_why_not(cases: Any, cells: Any):
    evidence = copy.deepcopy(cases["retrained"][0])
    groups = evidence["fairness"]["origin"]["groups"]
    del groups[1]["rates"]["selection_rate"], groups[2]["positives"]
    _, rates = fairness(evidence).grids

    assert cells(rates)[2:] == [
        ["<origin=JFK>", "8,894", "1,852", "<true_positive_rate>", "0.5410 [0.5220, 0.5600]"],
        ["<origin=JFK>", "8,894", "1,852", "<selection_rate>", "not defined on these rows"],
        ["<origin=SWF>", "41", "\N{EN DASH}", "\N{EN DASH}", "too few rows to judge"],
    ]


def test_a_crossing_is_named_by_each_of_its_parts(cases: Any, told: Any):
    evidence = copy.deepcopy(cases["retrained"][0])
    evidence["fairness"]["origin"]["groups"][2]["name"] = r"origin=a\,b,carrier=UA"

    assert told(fairness(evidence))[1].endswith(": <origin=a,b>, <carrier=UA> (41 rows).")


def test_groups_without_a_gap_are_said_to_have_none(cases: Any, told: Any):
    evidence = copy.deepcopy(cases["retrained"][0])
    evidence["fairness"]["origin"]["gaps"] = {}
    found = fairness(evidence)

    assert told(found)[0] == "- Fairness: By <origin>: no rate is known of two groups."
    assert len(found.grids) == 1
