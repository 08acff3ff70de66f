from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from mlgitops.reports.facts import Fact, Section
from mlgitops.reports.gate_numbers import gate_numbers, numbers_grid
from mlgitops.reports.verdicts import gate_lines


def line_of(decision: Any, policy: str) -> Any:
    return next(line for line in gate_lines(decision) if line.policy == policy)


def test_each_gate_has_value_gain_rows_and_method(cases: Any, cells: Any):
    evidence, decision, _ = cases["retrained"]

    assert cells(numbers_grid(evidence, decision)) == [
        ["<min-metric>", "<metric roc_auc, min 0.58>", "<roc_auc>", "0.6412 [0.6333, 0.6491]",
         "+0.0061 [+0.0009, +0.0113]", "27,489 rows, <paired-bootstrap>"],
        ["<not-worse-than-champion>", "<margin 0.01, metric roc_auc>", "<roc_auc>",
         "0.6412 [0.6333, 0.6491]", "+0.0061 [+0.0009, +0.0113]",
         "27,489 rows, <paired-bootstrap>"],
    ]  # fmt: skip


def test_a_first_model_gains_over_the_baseline(cases: Any, cells: Any):
    evidence, decision, _ = cases["first"]
    grid = numbers_grid(evidence, decision)

    assert cells(grid)[0][4] == "+0.1412 [+0.1360, +0.1464]"
    assert grid.caption == ("What the gates judged; gains are over the baseline",)


def test_a_metric_that_has_no_value_is_said_to_have_none(cases: Any, cells: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    del evidence["metrics"]["roc_auc"], evidence["comparison"]["roc_auc"]

    assert cells(numbers_grid(evidence, decision))[0][3:] == [
        *("not defined on these rows", "not compared", "not defined on these rows"),
    ]


def test_a_value_may_have_nothing_to_be_compared_with(cases: Any, cells: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["comparison"] = {}

    assert cells(numbers_grid(evidence, decision))[0][4:] == [
        "not compared",
        "27,489 rows, <delong>",
    ]


def test_a_gate_on_no_metric_has_no_numbers(cases: Any):
    evidence, decision, _ = cases["retrained"]
    line = line_of(decision, "leakage")

    assert gate_numbers(evidence, line) == ()
    assert numbers_grid(evidence, replace(decision, gates=decision.gates[:2])).rows == ()


def test_beside_a_gate_the_numbers_are_one_line(cases: Any, told: Any):
    evidence, decision, _ = cases["retrained"]
    (text,) = gate_numbers(evidence, line_of(decision, "min-metric"))

    assert told(Section((Fact("x", text),))) == [
        (
            "x: <roc_auc> 0.6412 [0.6333, 0.6491]; gain +0.0061 [+0.0009, +0.0113]; 27,489 rows, "
            "<paired-bootstrap>"
        )
    ]
