from __future__ import annotations

import copy
from typing import Any

from mlgitops.reports.risks import risks


def test_a_sound_candidate_has_none(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["first"])
    evidence["data"]["validation"]["failed_warning"] = 0
    evidence["slices"] = []

    assert risks(evidence, decision) == ()


def test_what_the_branch_lacks_is_told_first(cases: Any):
    evidence, decision, _ = cases["leaking"]

    assert risks(evidence, decision, "Made elsewhere.")[0] == "Made elsewhere."
    assert risks(evidence, decision, "Made elsewhere.")[1:] == risks(evidence, decision)


def test_each_trouble_is_one_sentence(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["leaking"])
    evidence["producer"]["sample"] = 500
    evidence["data"]["split"]["shared_rows"] = 2
    evidence["data"]["validation"]["evaluated"] = 3

    assert risks(evidence, decision) == (
        "Made from a sample of 500 rows: it cannot be released.",
        "Made with uncommitted changes, which the commit lacks: it cannot be promoted.",
        "The network was within reach of the user's code while it ran.",
        "The data with its answers was within reach of the user's code while it ran.",
        "It uses columns that are known only afterwards: dep_delay.",
        "2 rows stand on both sides of the split.",
        "14 holdout rows also stand in the training rows.",
        "Columns in use hold moments after their own row: landed_at.",
        "4,120 holdout rows older than the newest training row.",
        "37 clusters with rows on both sides of the split.",
        "1 column shifted since the champion's data: dep_delay.",
        "1 expectation could not be evaluated.",
        "1 expectation of severity warning failed.",
        "The same training once more gave other predictions.",
        "Files that may be pickles and cannot be read as such: model/extra.bin.",
        "Callers must send inputs that the champion does not take: dep_delay.",
        "Callers get back something else than from the champion.",
        "1 slice clearly worse than champion v3: carrier=MQ.",
        "3 slices too small to judge.",
    )


def test_older_rows_are_no_risk_of_a_split_without_time(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["leaking"])
    evidence["data"]["split"]["strategy"] = "random"

    assert not any("older than" in risk for risk in risks(evidence, decision))


def test_a_gate_that_cannot_block_is_told(cases: Any):
    evidence, decision, _ = cases["retrained"]

    assert any(
        risk.startswith("slices-not-harmed did not pass") for risk in risks(evidence, decision)
    )
