from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from mlgitops.reports.data_facts import SHIFT, data_facts, shifted
from mlgitops.spec.load import read_builtin


def test_a_sound_dataset_is_told_in_plain_lines(cases: Any, told: Any):
    evidence = copy.deepcopy(cases["retrained"][0])
    evidence["data"]["licence"] = "CC-BY-4.0"
    evidence["leakage"]["shared_groups"] = 0

    assert told(data_facts(evidence)) == [
        (
            "Drift against the champion's data: The stability index of <distance> reaches 0.0120 at most, "
            "of 2 columns."
        ),
        "Use of the holdout: It has judged 3 candidates, this one included.",
        "Columns that look ahead: None is later than its own row.",
        "Holdout rows older than train: 0 rows older than the newest of train.",
        "Clusters on both sides: 0 clusters with rows in train and in the holdout.",
        "Licence of the data: <CC-BY-4.0>",
    ]


def test_troubles_stand_out(cases: Any, told: Any):
    lines = told(data_facts(cases["leaking"][0]))

    assert (
        lines[0] == "! Drift against the champion's data: 1 of 2 columns beyond 0.2: <dep_delay>."
    )
    assert (
        lines[2] == "! Columns that look ahead: Later than their own row: <landed_at> (812 rows)."
    )
    assert lines[3].startswith("! Holdout rows older than train: 4,120 rows")
    assert lines[4].startswith("! Clusters on both sides: 37 clusters")


def test_older_rows_are_expected_of_a_split_without_time(cases: Any, told: Any):
    evidence = copy.deepcopy(cases["leaking"][0])
    evidence["data"]["split"]["strategy"] = "random"

    assert told(data_facts(evidence))[3].startswith("Holdout rows older than train: 4,120 rows")


def test_what_is_missing_says_why(cases: Any, told: Any):
    assert told(data_facts(cases["regression"][0])) == [
        (
            "- Drift against the champion's data: No champion is released, so there is nothing to compare "
            "with."
        ),
        "- Use of the holdout: Not known: the registry did not answer.",
        "- Columns that look ahead: Not asked for: <time> of the dataset names the column.",
        "- Holdout rows older than train: Not asked for: <time> of the dataset names the column.",
        "- Clusters on both sides: Not asked for: <evaluate.cluster> or a group split names them.",
        "- Licence of the data: Not stated: <licence> of the dataset.",
    ]


@pytest.mark.parametrize(
    ("drift", "why"),
    [(None, "Not computed: the champion's evidence"), ([], "Not defined on these")],
)
def test_no_drift_beside_a_champion_has_a_reason(cases: Any, told: Any, drift: Any, why: str):
    evidence = copy.deepcopy(cases["retrained"][0])
    del evidence["drift"]
    if drift is not None:
        evidence["drift"] = drift
    found = data_facts(evidence)

    assert told(found)[0].startswith(f"- Drift against the champion's data: {why}")
    assert found.grids == ()


def test_a_column_of_another_kind_stands_out(cases: Any, told: Any, cells: Any):
    evidence = copy.deepcopy(cases["leaking"][0])
    evidence["drift"].append({"column": "hour"})
    found = data_facts(evidence)

    assert told(found)[:2] == [
        (
            "! Drift against the champion's data: Not comparable, since 1 column held another kind "
            "of values: <hour>."
        ),
        "! Drift against the champion's data: 1 of 2 columns beyond 0.2: <dep_delay>.",
    ]
    assert cells(found.grids[0])[0] == ["<hour>", "not comparable", "another kind of values"]
    assert found.grids[0].bars[0] == 1.0
    assert shifted(evidence) == ["hour", "dep_delay"]


def test_nothing_but_columns_of_another_kind_has_no_index(cases: Any, told: Any):
    evidence = copy.deepcopy(cases["leaking"][0])
    evidence["drift"] = [{"column": "hour"}]

    assert told(data_facts(evidence))[0].endswith("another kind of values: <hour>.")
    assert not told(data_facts(evidence))[1].startswith("! Drift")


def test_a_shift_is_what_the_policy_stops_by_default():
    text = read_builtin()["builtin/data-drift.yaml"]

    assert yaml.safe_load(text)["spec"]["params"]["max_psi"]["default"] == SHIFT


def test_columns_come_with_the_farthest_first_and_bars(cases: Any, cells: Any):
    evidence = copy.deepcopy(cases["leaking"][0])
    evidence["drift"].append({"column": "hour", "psi": 0.16})
    (grid,) = data_facts(evidence).grids

    assert cells(grid) == [
        ["<dep_delay>", "0.4100", "shifted"],
        ["<hour>", "0.1600", "some change"],
        ["<dest>", "0.0200", "as before"],
    ]
    assert grid.bars == (1.0, pytest.approx(0.8), pytest.approx(0.1))
    assert shifted(evidence) == ["dep_delay"]
