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


@pytest.fixture
def errors(smallest, codes):
    """Codes of what is wrong with a gate or binding added to the smallest repository."""

    def found(*, gate=None, binding=None, pipeline="", policies=None):
        files = dict(smallest)
        if gate:
            pipeline += f"  gates: [{gate}]\n"
        files["mlops/pipelines/churn.yaml"] += pipeline
        if binding:
            files["mlops/environments/production.yaml"] += f"spec: {{policies: [{binding}]}}\n"
        return codes(files | (policies or {}))

    return found


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


@pytest.mark.parametrize(
    ("default", "expected"),
    [("[]", []), ("[a, b]", []), ("a", ["SPEC321"]), ("[1]", ["SPEC201"]), ("[[a]]", ["SPEC201"])],
)
def test_the_default_of_a_list_is_one_of_texts(errors, default, expected):
    free = FREE.replace("default: [a]", f"default: {default}")

    assert errors(policies={"mlops/policies/free.yaml": free}) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("reproduction.is_same_manifest", ["SPEC351"]),
        ("has(reproduction.rows) && reproduction.rows > 0", []),
        ("subject.noise.sd < 1.0", []),  # of another section
        ("noise.metrics.roc_auc.sd < 1.0", ["SPEC351"]),
        ("leakage.duplicate_rows == 0", []),
    ],
)
def test_a_gate_may_read_what_the_pipeline_asks_for(errors, condition, expected):
    policies = {"mlops/policies/free.yaml": FREE.replace('"true"', f'"{condition}"')}
    asking = "  evaluate: {seeds: [8], repeat: true}\n"

    assert errors(gate="{policy: free}", policies=policies) == expected
    assert errors(gate="{policy: free}", policies=policies, pipeline=asking) == []


@pytest.mark.parametrize(
    ("level", "expected"), [("soft", ["SPEC351"]), ("advisory", []), ("audit", [])]
)
def test_a_binding_that_only_reports_may_read_anything(errors, level, expected):
    binding = f"{{policy: reproducible, level: {level}}}"

    assert errors(binding=binding) == expected
