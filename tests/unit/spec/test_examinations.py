"""Faults are in tests/acceptance/specs/bad; here is what is none, and what is near one."""

from __future__ import annotations

import pytest

PIPELINE = "mlops/pipelines/churn.yaml"


@pytest.mark.parametrize(
    ("evaluate", "expected"),
    [
        ("slices: [{by: [a], minPositives: 5}], groups: [{by: [a]}]", []),
        ("slices: [{by: [a]}, {by: [a, b]}, {by: [b]}]", []),
        ("slices: [{by: [a]}, {by: [a], minRows: 5}]", ["SPEC317"]),
        ("groups: [{by: [a, b]}, {by: [b, a]}]", ["SPEC317"]),
        ("slices: [{by: [a]}, {name: a, where: {a: 1}}, {name: b, where: {a: 1}}]", []),
        ("slices: [{name: a, where: {a: 1}}, {name: a, where: {a: 2}}]", ["SPEC317"]),
        ("slices: [{name: a, where: {a: [1, true, '1', 2]}}]", []),
        ("slices: [{name: a, where: {a: [true, false, true]}}]", ["SPEC317"]),
        ("slices: [{name: a, where: {a: {atLeast: 1, below: 1.5}}}]", []),
        ("slices: [{name: a, where: {a: {atLeast: 1}, b: {below: 0}}}]", []),
        ("slices: [{name: a, where: {a: {atLeast: -1, below: -1}}}]", ["SPEC344"]),
        ("functions: {cost: {entrypoint: 'm:f', direction: minimize}}", []),
        ("functions: {mae: {entrypoint: 'm:f', direction: minimize}}", ["SPEC342"]),
        ("perturbations: {p: {scale: {a: -1, b: 0.001}}, q: {scale: {a: -1}}}", []),
        ("perturbations: {p: {scale: {a: 1}}, q: {scale: {a: 0.0}}}", ["SPEC343"] * 2),
        ("perturbations: {p: {unseen: [a, b]}, q: {unseen: [a]}}", []),
        ("seeds: [0, 1, 2]", []),
        ("seeds: [0, 7]", ["SPEC317"]),
        ("seeds: [0, 1, 1, 1]", ["SPEC317"] * 2),
        ("cluster: left", ["SPEC318"]),
        ("cluster: customer", []),
    ],
)
def test_what_is_examined(smallest, codes, evaluate, expected):
    files = dict(smallest)
    files[PIPELINE] += f"  evaluate: {{{evaluate}}}\n"

    assert codes(files) == expected


def test_positives_are_counted_where_there_are_two_classes(smallest, codes):
    files = dict(smallest)
    files[PIPELINE] += "  evaluate: {groups: [{by: [a], minPositives: 5}]}\n"
    several = files[PIPELINE].replace("binary-classification", "multiclass-classification")

    assert codes(files) == []
    assert codes({**files, PIPELINE: several}) == ["SPEC324"]


def test_the_seed_that_is_written_is_the_candidate_s_own(smallest, codes):
    files = dict(smallest)
    files[PIPELINE] = files[PIPELINE].replace("Regression}", "Regression, seed: 1}")
    files[PIPELINE] += "  evaluate: {seeds: [7]}\n"

    assert codes(files) == []
    files[PIPELINE] = files[PIPELINE].replace("seeds: [7]", "seeds: [1]")
    assert codes(files) == ["SPEC317"]


def test_the_list_of_faults_ends(smallest, codes):
    files = dict(smallest)
    files[PIPELINE] += f"  evaluate: {{slices: [{{name: a, where: {{a: [{'1, ' * 900}]}}}}]}}\n"

    assert len(codes(files)) == 100
