from __future__ import annotations

import copy
from typing import Any

from mlgitops.reports.behaviour import behaviour


def test_costs_noise_and_repetition_are_told(cases: Any, told: Any):
    evidence, decision, _ = cases["retrained"]

    assert told(behaviour(evidence, decision))[2:] == [
        (
            "! Robustness: <sensor-noise> changes <roc_auc> by \N{MINUS SIGN}0.0121 [\N{MINUS SIGN}0.0173, \N{MINUS SIGN}0.0069] on 27,489 rows, "
            "the worst of 2 perturbations."
        ),
        (
            "- Robustness: <new-carriers>: no metric, because the model failed on these rows or none is "
            "defined on them."
        ),
        "- Robustness: <metres>: it changed no row, so nothing was measured.",
        (
            "Training noise: <roc_auc> moves by 0.0009 (standard deviation) over 3 seeds. The change from "
            "the champion is 6.8 times that."
        ),
        (
            "Reproduction: The same training once more gave the same files and the same predictions for "
            "1,000 rows."
        ),
        (
            "- Shuffled labels: Not asked for, or not defined on these rows: <evaluate.shuffle> asks for "
            "it."
        ),
    ]


def test_another_outcome_of_the_same_training_stands_out(cases: Any, told: Any):
    lines = told(behaviour(*cases["leaking"][:2]))

    assert lines[-2:] == [
        (
            "! Reproduction: The same training once more gave other files, and predictions for 1,000 rows "
            "that differ by up to 0.0172."
        ),
        (
            "Shuffled labels: A model of shuffled labels gains +0.0310 [+0.0290, +0.0330] in <brier> over "
            "the dummy; the candidate +0.0356 [+0.0336, +0.0376]."
        ),
    ]


def test_seeds_that_change_nothing_are_asked_about(cases: Any, told: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    noise = evidence["noise"]
    noise["metrics"]["roc_auc"] = {"values": [0.6412] * 3, "mean": 0.6412, "sd": 0.0}

    assert (
        "Training noise: <roc_auc> is 0.6412 with each of 3 seeds. The seeds made no difference: "
        "is the seed used?"
    ) in told(behaviour(evidence, decision))

    noise["seeds"], noise["metrics"]["roc_auc"]["values"] = [7], [0.6412]
    assert "is the seed used" not in " ".join(told(behaviour(evidence, decision)))


def test_what_nobody_asked_for_is_missing_with_its_key(cases: Any, told: Any):
    found = behaviour(*cases["regression"][:2])

    assert told(found) == [
        "- Fairness: Not asked for: <evaluate.groups> asks for it.",
        "- Robustness: Not asked for: <evaluate.perturbations> asks for it.",
        "- Training noise: Not asked for: <evaluate.seeds> asks for it.",
        "- Reproduction: Not asked for, or not defined on these rows: <evaluate.repeat> asks for it.",
        (
            "- Shuffled labels: Not asked for, or not defined on these rows: <evaluate.shuffle> asks for "
            "it."
        ),
    ]
    assert found.grids == ()


def test_costs_have_one_row_per_metric_and_perturbation(cases: Any, cells: Any):
    grid = behaviour(*cases["leaking"][:2]).grids[2]

    assert grid.noun == "cost of a perturbation"
    assert cells(grid)[:2] == [
        ["<sensor-noise>", "<noise>", "27,489", "<roc_auc>", "0.6291 [0.6212, 0.6370]",
         "\N{MINUS SIGN}0.0121 [\N{MINUS SIGN}0.0173, \N{MINUS SIGN}0.0069]"],
        ["<one-in-ten-missing>", "<missing>", "25,112", "<roc_auc>", "0.6379 [0.6300, 0.6458]",
         "\N{MINUS SIGN}0.0033 [\N{MINUS SIGN}0.0085, +0.0019]"],
    ]  # fmt: skip
    assert len(grid.rows) == len(grid.strips) == 8
    assert [strip.reading for strip in grid.strips[:2] if strip] == ["worse", "open"]


def test_seeds_are_told_with_all_their_values(cases: Any, cells: Any):
    grid = behaviour(*cases["retrained"][:2]).grids[-1]

    assert cells(grid) == [["<roc_auc>", "0.6431", "0.0009", "0.6431, 0.6440, 0.6422"]]


def test_a_metric_without_a_value_for_each_seed_is_said_to_lack_it(cases: Any, told: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["noise"]["metrics"] = {}
    found = behaviour(evidence, decision)

    assert "- Training noise: <roc_auc> is not defined for every seed." in told(found)
    assert all(grid.noun != "metric over seeds" for grid in found.grids)


def test_a_perturbation_may_lack_the_leading_metric_alone(cases: Any, told: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    del evidence["robustness"]["sensor-noise"]["comparison"]["roc_auc"]
    lines = told(behaviour(evidence, decision))

    assert "- Robustness: <sensor-noise>: not defined on these rows." in lines
