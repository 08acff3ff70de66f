from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.evaluation.slices import NULL_NAME, cut
from mlgitops.reports.comparison import (
    key_sentence,
    leading_metric,
    metric_lines,
    reference_name,
    slice_lines,
    slice_parts,
    strength_scale,
)


def test_the_metric_that_a_gate_asks_about_leads(cases: Any):
    evidence, decision, _ = cases["retrained"]
    lines = metric_lines(evidence, decision)

    assert [line.name for line in lines] == ["roc_auc", "average_precision", "log_loss", "brier"]
    assert [asked.text for asked in lines[0].required] == [
        "min-metric: min 0.58",
        "not-worse-than-champion: margin 0.01",
    ]
    assert [asked.margin for asked in lines[0].required] == [None, 0.01]


def test_a_relative_margin_is_drawn_in_the_metric_s_own_unit(cases: Any):
    evidence, decision, _ = cases["retrained"]
    asked = {"metric": "roc_auc", "margin": 0.01, "relative_margin": 0.02}
    gate = replace(decision.gates[2], policy="not-worse-than-champion", parameters=asked)

    (found,) = metric_lines(evidence, replace(decision, gates=(gate,)))[0].required
    assert found.margin == pytest.approx(0.02 * evidence["champion"]["metrics"]["roc_auc"]["value"])


@pytest.mark.parametrize("policy", ["robust", "not-worse-in-slices", "better-than-champion"])
def test_only_the_loss_against_the_champion_is_drawn_as_a_margin(cases: Any, policy: str):
    evidence, decision, _ = cases["retrained"]
    gate = replace(
        decision.gates[0],
        policy=policy,
        parameters={"metric": "roc_auc", "margin": 0.05},
        metrics=("roc_auc",),
    )

    (asked,) = metric_lines(evidence, replace(decision, gates=(gate,)))[0].required
    assert (asked.text, asked.margin) == (f"{policy}: margin 0.05", None)


def test_a_gate_without_other_parameters_asks_by_its_name(cases: Any):
    evidence, decision, _ = cases["retrained"]
    gate = replace(decision.gates[2], parameters={"metric": "roc_auc"})

    (asked,) = metric_lines(evidence, replace(decision, gates=(gate,)))[0].required
    assert asked.text == "min-metric"


def test_a_metric_that_no_table_has_is_the_repository_s_own(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["metrics"]["profit"] = evidence["metrics"]["roc_auc"]

    own = {line.name: line.is_own for line in metric_lines(evidence, decision)}
    assert own == {
        "roc_auc": False,
        "average_precision": False,
        "log_loss": False,
        "brier": False,
        "profit": True,
    }


def test_a_gate_that_does_not_read_the_whole_metric_asks_nothing_of_it(cases: Any):
    evidence, decision, _ = cases["retrained"]
    on_slices = [gate for gate in decision.gates if gate.policy == "slices-not-harmed"]

    assert on_slices[0].parameters["metric"] == "roc_auc"
    assert not metric_lines(evidence, replace(decision, gates=tuple(on_slices)))[0].required


@pytest.mark.parametrize(
    ("task", "scale"),
    [
        ("binary-classification", "ROC AUC"),
        ("multiclass-classification", "one-against-rest ROC AUC"),
        ("regression", "strength, 0.5 to 1"),
    ],
)
def test_the_strength_of_a_column_is_called_what_it_is(task: str, scale: str):
    assert strength_scale(task) == scale


def test_order_does_not_depend_on_the_order_of_keys(cases: Any):
    evidence, decision, _ = cases["retrained"]
    shuffled = copy.deepcopy(evidence)
    shuffled["metrics"] = dict(reversed(shuffled["metrics"].items()))

    assert metric_lines(shuffled, decision) == metric_lines(evidence, decision)


def test_a_loss_that_is_shown_comes_before_a_larger_one_that_is_noise(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    noisy = {"delta": -0.09, "low": -0.2, "high": 0.02}
    evidence["slices"][0]["comparison"]["roc_auc"].update(noisy)

    assert [line.name for line in slice_lines(evidence, decision)][:3] == [
        "carrier=MQ",
        "carrier=UA",
        "carrier=DL",
    ]


def test_without_a_gate_on_a_metric_the_table_of_metrics_decides(cases: Any):
    evidence, decision, _ = cases["retrained"]

    assert leading_metric(evidence, replace(decision, gates=())) == "roc_auc"


def test_a_first_model_is_compared_with_the_baseline(cases: Any):
    evidence, decision, _ = cases["first"]
    line = metric_lines(evidence, decision)[0]

    assert reference_name(evidence) == "the prior baseline"
    assert line.reference == evidence["baseline"]["metrics"]["roc_auc"]
    assert line.comparison == evidence["baseline"]["comparison"]["roc_auc"]


def test_slices_come_worst_first_and_small_ones_last(cases: Any):
    evidence, decision, _ = cases["retrained"]
    names = [line.name.partition("=")[2] for line in slice_lines(evidence, decision)]

    assert names[:2] == ["MQ", "DL"]
    assert names[-4:] == ["9E", "AS", "FL", "VX"]


def test_without_a_champion_the_lowest_value_is_worst(cases: Any):
    evidence, decision, _ = cases["first"]
    lines = slice_lines(evidence, decision)

    assert lines[0].name == "carrier=WN"
    assert [line.estimate is None for line in lines[-3:]] == [True, True, True]


def test_an_error_metric_is_worst_where_it_is_highest(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["first"])
    for record in evidence["slices"]:
        for estimate in record["metrics"].values():
            estimate["direction"] = "minimize"

    assert slice_lines(evidence, decision)[0].name == "carrier=9E"


def test_the_key_sentence_has_value_reference_and_interval(cases: Any):
    evidence, decision, _ = cases["retrained"]

    assert key_sentence(evidence, decision) == (
        "roc_auc is 0.6412; champion v3 has 0.6351 on the same 27,489 rows. "
        "Gain +0.0061, 95% interval [+0.0009, +0.0113]."
    )


def test_what_is_missing_is_said_to_be_missing(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["first"])
    evidence["baseline"]["comparison"] = {}
    alone = key_sentence(evidence, decision)
    evidence["metrics"] = {}

    assert alone.endswith("there is nothing to compare it with.")
    assert key_sentence(evidence, decision) == "No metric could be computed."
    assert metric_lines(evidence, decision) == ()
    assert leading_metric(evidence, decision) is None
    assert all(line.estimate is None for line in slice_lines(evidence, decision))


@given(st.lists(st.text(max_size=12), min_size=1, max_size=3))
def test_a_slice_has_its_values_as_they_stand_in_the_data(values: list[str]):
    columns = {f"c{i}": np.array([value], object) for i, value in enumerate(values)}
    ((name, _),) = cut(columns, list(columns))

    assert slice_parts(name) == tuple(
        f"c{i}={value.replace(NULL_NAME, chr(92) + NULL_NAME)}" for i, value in enumerate(values)
    )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("carrier=UA", ("carrier=UA",)),
        ("origin=EWR,carrier=UA", ("origin=EWR", "carrier=UA")),
        (r"src\=x", ("src=x",)),
        (r"src=a\=b,to=c\,d", ("src=a=b", "to=c,d")),
        (r"src=\\", ("src=\\",)),
        (r"src=\∅", (r"src=\∅",)),
        ("src=∅", ("src=∅",)),
        ("ends=\\", ("ends=\\",)),
        ("", ()),
    ],
)
def test_a_name_has_its_pairs_without_backslashes(name: str, parts: tuple[str, ...]):
    assert slice_parts(name) == parts
