"""Places and hints are in tests/acceptance/specs/bad/SPEC31* and SPEC354."""

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.spec.load import load

FREE = """\
apiVersion: mlgitops.dev/v1
kind: Policy
metadata: {name: free}
spec:
  params:
    share: {type: number, default: 0, minimum: 0, exclusiveMaximum: 1}
    most: {type: number, default: 1, exclusiveMinimum: 0, maximum: 9}
    names: {type: list, default: [a]}
  rules: [{id: r, pass: "true", message: fine}]
"""
PIPELINE = "mlops/pipelines/churn.yaml"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("share: 0, most: 9", []),
        ("share: 0.99, most: 0.001", []),
        ("share: 1", ["SPEC354"]),
        ("share: -0.001", ["SPEC354"]),
        ("most: 0", ["SPEC354"]),
        ("most: 9.5, share: 7", ["SPEC354"] * 2),
        ("most: nine", ["SPEC312"]),
    ],
)
def test_a_gate_keeps_to_the_limits_of_its_policy(smallest, codes, given, expected):
    files = smallest | {"mlops/policies/free.yaml": FREE}
    files[PIPELINE] += f"  gates: [{{policy: free, with: {{{given}}}}}]\n"

    assert codes(files) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("default: 0,", "default: 1,", ["SPEC354"]),
        ("share: {type: number, default: 0,", "share: {type: number,", []),
        ("default: [a]", "default: [a], minimum: 1", ["SPEC321"]),
        ("minimum: 0", 'minimum: "0"', ["SPEC201"]),
    ],
)
def test_a_default_keeps_to_the_limits_beside_it(smallest, codes, old, new, expected):
    assert codes(smallest | {"mlops/policies/free.yaml": FREE.replace(old, new)}) == expected


@pytest.mark.parametrize(
    ("default", "expected"),
    [("[]", []), ("[a, b]", []), ("a", ["SPEC321"]), ("[1]", ["SPEC201"]), ("[[a]]", ["SPEC201"])],
)
def test_the_default_of_a_list_is_one_of_texts(smallest, codes, default, expected):
    free = FREE.replace("default: [a]", f"default: {default}")

    assert codes(smallest | {"mlops/policies/free.yaml": free}) == expected


@pytest.mark.parametrize("written", ["1", "1.5", "100"])
@pytest.mark.parametrize("policy", ["not-worse-than-champion", "better-than-champion"])
def test_one_per_cent_is_no_whole_number(smallest, builtin, policy, written):
    files = dict(smallest)
    files[PIPELINE] += f"  gates: [{{policy: {policy}, with: {{relative_margin: {written}}}}}]\n"

    with pytest.raises(SpecError) as refused:
        load(files, builtin)

    [found] = refused.value.diagnostics
    assert found.code == "SPEC354"
    assert found.hint is not None
    assert "0.01 is one per cent" in found.hint


def test_a_number_with_a_comma_gets_a_point(smallest, builtin):
    files = dict(smallest)
    files[PIPELINE] += (
        "  gates:\n    - policy: min-metric\n      with:\n"
        "        metric: roc_auc\n        min: 0,68\n"
    )

    with pytest.raises(SpecError) as refused:
        load(files, builtin)

    assert [one.hint for one in refused.value.diagnostics] == ["write 0.68"]


def test_every_margin_and_share_of_the_built_in_policies_has_limits(smallest, builtin):
    policies = load(smallest, builtin).policies.values()
    parameters = [(one.name, each) for one in policies for each in one.parameters]

    open_ended = {
        (policy, one.name) for policy, one in parameters if one.type == "number" and not one.limits
    }
    relative = [one for _, one in parameters if one.name.startswith("relative_")]

    # A metric may be anything.
    assert open_ended == {
        ("min-metric", "min"),
        ("min-metric-in-slices", "min"),
        ("max-metric", "max"),
    }
    assert len(relative) == 5
    assert all(one.passed(1) and one.passed(-0.01) and not one.passed(0.01) for one in relative)
