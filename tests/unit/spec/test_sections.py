import pytest

FREE = """\
apiVersion: mlgitops.dev/v1
kind: Policy
metadata: {name: free}
spec:
  variables:
    asked: slices.filter(s, s.n > 0)
    judged: variables.asked.filter(s, s.judged)
  rules: [{id: r, pass: "true", message: fine}]
"""


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


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("size(slices) > 0", ["SPEC351"]),
        ("slices.exists(s, s.n > 100)", ["SPEC351"]),
        ("size(variables.judged) >= 1 && data.rows > 0", ["SPEC351"]),
        ("variables.asked.exists(s, s.judged || s.n > 9)", ["SPEC351"]),
        ("size(slices) >= 0", []),
        ("size(slices) == 0 || size(slices) > 3", []),
        ("size(slices) > 3 || data.rows > 0", []),
        ("slices.all(s, s.n > 100)", []),  # true of none
        ("!slices.exists(s, s.n < 100)", []),
    ],
)
def test_a_gate_that_asks_for_a_slice_opens_where_there_are_some(errors, condition, expected):
    policies = {"mlops/policies/free.yaml": FREE.replace('"true"', f'"{condition}"')}
    asking = "  evaluate: {slices: [{by: [a]}]}\n"

    assert errors(gate="{policy: free}", policies=policies) == expected
    assert errors(gate="{policy: free}", policies=policies, pipeline=asking) == []


@pytest.mark.parametrize(
    "gate",
    [
        "{policy: not-worse-in-slices}",
        "{policy: min-metric-in-slices, with: {metric: roc_auc, min: 0.5}}",
        "{policy: fairness-gap, with: {by: a, rate: selection_rate}}",
    ],
)
def test_built_in_policies_on_slices_and_groups_need_them(errors, gate):
    asking = "  evaluate: {slices: [{by: [a]}], groups: [{by: [a]}]}\n"

    assert errors(gate=gate) == ["SPEC351"]
    assert errors(binding=gate) == ["SPEC351"]
    assert errors(gate=gate, pipeline=asking) == []
