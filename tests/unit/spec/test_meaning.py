"""Faults are in tests/acceptance/specs/bad/SPEC3*; here is what is none, and what is near one."""

import pytest

from mlgitops.spec.load import load


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("  time: t\n  window: {from: 2026-01-01}\n", []),
        ("  time: t\n  window: {to: 2026-01-01}\n", []),
        ("  time: t\n  window: {from: 2026-01-01, to: 2026-01-02}\n", []),
        ("  time: t\n  window: {from: 2026-01-02, to: 2026-01-01}\n", ["SPEC320"]),
        ("  split: {strategy: time, column: t}\n", []),
        ("  split: {strategy: group, column: g, holdout: 0.1}\n", []),
        ("  time: t\n  split: {strategy: stratified}\n", []),
        ("  time: t\n  split: {strategy: stratified, holdout: 30d}\n", ["SPEC315"]),
        ("  split: {holdout: 30d}\n", ["SPEC315"]),
        ("  keys: [a, b]\n  afterTheFact: [a]\n", []),
    ],
)
def test_datasets(smallest, codes, dataset, expected):
    files = dict(smallest)
    files["mlops/datasets/orders.yaml"] += dataset

    assert codes(files) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("env:MLFLOW_URI", []),
        ("sqlite:///mlflow.db", []),
        ("https://mlflow.example.org:8443/a@b", []),
        ("https://bot@mlflow.example.org", []),
        ("https://bot:secret@mlflow.example.org", ["SPEC322"]),
        ("https://:secret@mlflow.example.org", ["SPEC322"]),
    ],
)
def test_passwords_are_seen_and_ports_are_not_taken_for_them(smallest, codes, uri, expected):
    files = dict(smallest)
    files["mlgitops.yaml"] += f'spec: {{registry: {{uri: "{uri}"}}}}\n'

    assert codes(files) == expected


def test_an_expired_waiver_is_a_record_and_no_fault(everything, builtin):
    waiver = load(everything, builtin).waivers[0]

    assert waiver.expires.year == 2020


def test_what_the_data_alone_can_tell_is_left_to_the_run(smallest, codes):
    files = dict(smallest)
    files["mlops/pipelines/churn.yaml"] += "  features: {columns: [no_such_column]}\n"

    assert codes(files) == []
