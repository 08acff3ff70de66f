from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.model.policy import Policy
from mlgitops.model.source import Diagnostic
from mlgitops.model.spec import Kind
from mlgitops.policies.testing import Trial
from mlgitops.spec.evidence import example
from mlgitops.usecases.policy_cases import prepared
from tests.fakes import policy_repository

FIRST = "    - name: calibrated\n"


def nothing(_: str) -> bytes | None:
    return None


def made(files: dict[str, str], read: Callable[[str], bytes | None] = nothing) -> tuple[Trial, ...]:
    documents = policy_repository.documents(files)
    [test] = documents.of(Kind.POLICY_TEST)
    policy = documents.named(Kind.POLICY)[test.at("spec", "policy")].spec
    assert isinstance(policy, Policy)
    return prepared(test, policy, read)


def faults(
    files: dict[str, str], read: Callable[[str], bytes | None] = nothing
) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpecError) as refused:
        made(files, read)
    return refused.value.diagnostics


def test_every_case_is_the_example_with_its_changes():
    trials = made(policy_repository.changed())

    assert len(trials) == 7
    assert trials[0].variables["metrics"] == example()["metrics"]
    assert "ece" not in trials[5].variables["calibration"]
    assert trials[6].variables["calibration"] is None
    assert trials[2].bound.parameters == {"max": 0.0115}


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        ("set: {calibration.ece.low: 0.0051}", "TEST402", 8),
        ("set: {subject.model.name: x}", "TEST402", 8),
        ("remove: [calibration.cee]", "TEST402", 8),
        ("set: {calibration.ece.hihg: 0.0129}", "TEST403", 8),
        ("set: {calibrations: {}}", "TEST403", 8),
    ],
)
def test_a_change_that_tests_nothing_is_shown_in_its_line(change: str, code: str, line: int):
    files = policy_repository.changed(FIRST, f"{FIRST}      {change}\n")

    [fault] = faults(files)

    assert fault.span is not None
    assert (fault.code, fault.span.line) == (code, line)
    assert fault.span.file == "mlops/policy-tests/calibrated.yaml"
    assert fault.hint


def test_what_is_ones_own_and_what_the_schema_knows_may_be_added():
    change = "set: {ext.audit: {low: 1}, metrics.own: {value: 1}, slices.0.extra: 1}"
    [fault] = faults(policy_repository.changed(FIRST, f"{FIRST}      {change}\n"))

    assert "slices.0.extra" in fault.message


def test_a_case_that_is_there_twice_is_one_too_many():
    more = "    - name: again\n      with: {max: 0.05}\n      expect: pass\n"
    [fault] = faults(policy_repository.changed(FIRST, more + FIRST))

    assert (fault.code, "nothing differs" in fault.message) == ("TEST402", True)


def test_a_parameter_that_only_a_pipeline_knows_has_to_be_given():
    policy = policy_repository.POLICY.replace(
        "  params:\n", "  params:\n    metric: {type: string, default: $first-metric}\n"
    )
    files = policy_repository.changed() | {"mlops/policies/calibrated.yaml": policy}

    [found] = faults(files)

    assert found.code == "TEST404"
    assert "in this and 6 more cases" in found.message


def test_evidence_of_the_repository_takes_the_place_of_the_example():
    document = example()
    document["environment"] = "production"
    files = policy_repository.changed("  cases:\n", "  evidence: data/e.json\n  cases:\n")

    trials = made(files, {"data/e.json": json.dumps(document).encode()}.get)

    assert trials[0].variables["environment"] == "production"
    assert trials[0].variables["context"]["environment"] == "production"


@pytest.mark.parametrize("content", [None, b"{}", b"no json", b'{"a": NaN}'])
def test_evidence_that_is_none_is_a_fault_of_the_line_that_names_it(content: bytes | None):
    files = policy_repository.changed("  cases:\n", "  evidence: data/e.json\n  cases:\n")

    [fault] = faults(files, lambda _: content)

    assert fault.span is not None
    assert (fault.code, fault.span.line) == ("TEST401", 6)
