"""Faults are in tests/acceptance/specs/bad/SPEC30*, SPEC31*; here is what is none."""

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.spec.load import load

FREE = """\
apiVersion: mlgitops.dev/v1
kind: Policy
metadata: {name: free}
spec:
  params:
    metric: {type: string, default: $first-metric}
    most: {type: number, default: 1}
    strict: {type: boolean, default: false}
    names: {type: list, default: [a]}
  rules: [{id: r, pass: "true", message: fine}]
"""

GIVEN = ", with: {least: 1}"


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ("{policy: free}", []),
        ("{policy: free, with: {most: 3, strict: true}}", []),
        ("{policy: free, with: {most: 3.5}}", []),
        ("{policy: free, with: {most: true}}", ["SPEC312"]),
        ("{policy: free, with: {strict: 1}}", ["SPEC312"]),
        ("{policy: free, with: {metric: 1}}", ["SPEC312"]),
        ("{policy: free, with: {names: []}}", []),
        ("{policy: free, with: {names: [a, b]}}", []),
        ("{policy: free, with: {names: a}}", ["SPEC312"]),
        ("{policy: free, with: {names: [1]}}", ["SPEC201"]),
        ("{policy: free, with: {strict: [a]}}", ["SPEC312"]),
        ("{policy: free, with: {metric: brier}}", []),
        ("{policy: free, with: {metric: rmse}}", ["SPEC309"]),
        ("{policy: free, with: {metric: $first-metric}}", ["SPEC309"]),
        ("{policy: min-metric, with: {metric: roc_auc, min: 1}}", []),
    ],
)
def test_gates_and_bindings_fit_their_policy(errors, gate, expected):
    policies = {"mlops/policies/free.yaml": FREE}

    assert errors(gate=gate, policies=policies) == expected
    assert errors(binding=gate, policies=policies) == expected


def test_a_binding_is_held_against_every_pipeline(smallest, builtin):
    files = dict(smallest)
    text = files["mlops/pipelines/churn.yaml"]
    files["mlops/pipelines/demand.yaml"] = text.replace("churn", "demand").replace(
        "binary-classification", "regression"
    )
    files["mlops/environments/production.yaml"] += (
        "spec: {policies: [{policy: min-metric, with: {metric: roc_auc, min: 0.5}}]}\n"
    )

    with pytest.raises(SpecError) as refused:
        load(files, builtin)

    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "SPEC309"
    assert "demand" in diagnostic.message
    # Any metric of this model would be one that the other has not.
    assert diagnostic.hint == "a binding is for every model: bind it in the pipelines that have it"


def test_a_gate_may_name_any_metric_that_the_pipeline_asks_for(errors):
    pipeline = "  evaluate: {metrics: [f1]}\n"
    gate = "{policy: min-metric, with: {metric: %s, min: 0.5}}"

    assert errors(gate=gate % "f1", pipeline=pipeline) == []
    assert errors(gate=gate % "roc_auc", pipeline=pipeline) == ["SPEC309"]


def test_a_function_that_is_not_among_the_metrics_is_to_be_added(smallest, builtin):
    files = dict(smallest)
    files["mlops/pipelines/churn.yaml"] += (
        "  evaluate:\n    metrics: [f1]\n"
        '    functions: {profit: {entrypoint: "money:profit", direction: maximize}}\n'
        "  gates: [{policy: min-metric, with: {metric: profit, min: 0.5}}]\n"
    )

    with pytest.raises(SpecError) as refused:
        load(files, builtin)

    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "SPEC309"
    assert diagnostic.hint == "add it to evaluate.metrics of churn"


TEST = """\
apiVersion: mlgitops.dev/v1
kind: PolicyTest
metadata: {name: floor}
spec:
  policy: floor
  cases:
    - {name: one, expect: pass%s}
    - {name: two, expect: pass%s}
"""


@pytest.mark.parametrize(
    ("one", "two", "place"),
    [
        ("", "", "spec.policy: the policy floor needs least"),
        (GIVEN, "", 'spec.cases[1].name: the case "two" needs least'),
        (GIVEN, GIVEN, None),
    ],
)
def test_what_a_case_lacks_is_told_of_the_case(smallest, builtin, one, two, place):
    files = smallest | {
        "mlops/policies/floor.yaml": FREE.replace("free", "floor").replace(
            "most: {type: number, default: 1}", "least: {type: number}"
        ),
        "mlops/policy-tests/floor.yaml": TEST % (one, two),
    }

    assert messages(files, builtin) == ([place] if place else [])


def test_a_test_may_go_beyond_the_limits_of_a_gate(smallest, builtin):
    limited = FREE.replace("free", "floor").replace("default: 1}", "default: 1, maximum: 2}")
    files = smallest | {
        "mlops/policies/floor.yaml": limited,
        "mlops/policy-tests/floor.yaml": TEST % (", with: {most: 3}", ""),
    }

    assert messages(files, builtin) == []


def messages(files, builtin):
    try:
        load(files, builtin)
    except SpecError as refused:
        return [one.message for one in refused.diagnostics]
    return []
