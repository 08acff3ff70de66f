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
        "1 expectation could not be evaluated.",
        "1 expectation of severity warning failed.",
        "1 slice clearly worse than champion v3: carrier=MQ.",
        "3 slices with too few rows to judge.",
    )


def test_a_gate_that_cannot_block_is_told(cases: Any):
    evidence, decision, _ = cases["retrained"]

    assert any(
        risk.startswith("slices-not-harmed did not pass") for risk in risks(evidence, decision)
    )
