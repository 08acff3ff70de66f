from __future__ import annotations

import copy
from typing import Any

from mlgitops.reports.markdown_comparison import comparison


def test_the_worst_slices_are_shown_and_the_others_folded(cases: Any):
    evidence, decision, _ = cases["retrained"]
    lines = list(comparison(evidence, decision)[1])
    fold = lines.index("<details><summary>7 more slices</summary>")

    assert sum("carrier=" in line for line in lines[:fold]) == 5
    assert sum("carrier=" in line for line in lines[fold:]) == 7


def test_slices_beyond_reason_are_counted_only(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["slices"] = [{**evidence["slices"][0], "name": f"dest={i}"} for i in range(400)]

    assert list(comparison(evidence, decision)[1])[-1] == (
        "250 slices not shown; all are in the evidence."
    )


def test_a_first_model_is_said_to_be_one(cases: Any):
    evidence, decision, _ = cases["first"]
    title, lines = comparison(evidence, decision)

    assert title == "Baseline and candidate"
    assert next(iter(lines)).startswith("No champion is released in `staging`: this is the first")


def test_a_metric_without_a_reference_is_not_compared(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["champion"]["metrics"] = {}
    evidence["comparison"] = {}
    _, lines = comparison(evidence, decision)

    assert any("not computed" in line and "not compared" in line for line in lines)


def test_methods_that_differ_are_told_apart(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["comparison"]["roc_auc"]["method"] = "paired-delong"
    lines = list(comparison(evidence, decision)[1])

    assert (
        "Intervals: `paired-delong` on 27,489 rows (`roc_auc`), `paired-bootstrap` on 27,489 rows "
        "(`average_precision`, `log_loss`, `brier`). A positive gain is better, whatever the metric."
    ) in lines
