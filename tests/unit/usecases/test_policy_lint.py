from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.errors import SpecError
from mlgitops.model.source import Diagnostic
from mlgitops.spec.load import load_documents, read_builtin
from mlgitops.usecases.policy_lint import lint
from tests.fakes import policy_repository

DOCS = Path(__file__).parents[3] / "docs" / "policies.md"
FILE = "mlops/policies/calibrated.yaml"
PASS = "pass: calibration.ece.high <= params.max"


def findings(files: dict[str, str], *names: str) -> tuple[Diagnostic, ...]:
    return lint(policy_repository.documents(files), files, names, CelEngine())


def linted(old: str = "", new: str = "") -> tuple[Diagnostic, ...]:
    return findings(policy_repository.changed(old, new, file=FILE))


def test_a_sound_policy_with_a_test_has_no_findings():
    assert linted() == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "marked"),
    [
        ("  when:", "    min: {type: number, default: 1}\n  when:", "POL401", "min"),
        ("  when:", "  variables: {rows: data.rows}\n  when:", "POL401", "rows"),
        (PASS, f"{PASS} || metrics.f1.low > 0.1", "POL402", "||"),
        (PASS, f"{PASS} && calibration.ece.value < 0.5", "POL403", "<"),
        ("      fail: calibration.ece.low > params.max\n", "", "POL404", "calibration.ece.high <= params.max"),
        ("      remediation: Calibrate the estimator, or evaluate on more rows.\n", "", "POL406", "ece"),
        (PASS, f"{PASS} && !(calibration.bins != [])", "POL408", "!"),
        (PASS, "pass: 1.0 < 2.0", "POL409", "1.0 < 2.0"),
        (PASS, "pass: calibration.ece.low <= calibration.ece.high", "POL409", "calibration.ece.low <= calibration.ece.high"),
        ("  when: calibration != null", "  when: 1 > 2", "POL409", "1 > 2"),
        (PASS, f"{PASS} && slices.all(s, s.n > 0)", "POL410", "slices"),
        (PASS, f"{PASS} && metrics.f1.high >= 0.5", "POL411", "high"),
        ("fail: calibration.ece.low >", "fail: calibration.ece.high >", "POL411", "high"),
    ],
)  # fmt: skip
def test_what_easily_goes_wrong_is_a_warning_at_its_place(
    old: str, new: str, code: str, marked: str
):
    [found] = linted(old, new)

    files = policy_repository.changed(old, new, file=FILE)
    assert (found.code, found.level) == (code, "warning")
    assert found.span is not None
    assert files[FILE][found.span.start : found.span.end] == marked
    assert found.hint


def test_a_message_without_values_says_too_little():
    text = policy_repository.POLICY
    message = text[text.index("      message:") : text.index("      remediation:")]

    [found] = linted(message, "      message: Not calibrated.\n")

    assert found.code == "POL405"


def test_what_does_not_compile_is_an_error():
    [found] = linted(PASS, "pass: calibration.ece.high <= params.mux")

    assert (found.code, found.level) == ("SPEC334", "error")


def test_a_policy_without_a_test_is_warned_of():
    files = policy_repository.changed()
    del files["mlops/policy-tests/calibrated.yaml"]

    [found] = findings(files)

    assert found.code == "POL407"


def test_only_the_policies_that_are_named_are_looked_at():
    files = policy_repository.changed()
    other = policy_repository.POLICY.replace("name: calibrated", "name: other")
    files["mlops/policies/other.yaml"] = other

    assert findings(files, "calibrated") == ()
    assert [one.code for one in findings(files)] == ["POL407"]
    with pytest.raises(SpecError, match='called "othre"'):
        findings(files, "othre")


def test_a_built_in_policy_is_said_to_be_one():
    with pytest.raises(SpecError, match='"min-metric" is built in') as caught:
        findings(policy_repository.changed(), "min-metric")

    assert caught.value.hint == "mlgitops policy test --builtin min-metric"


def test_what_a_variable_stands_for_is_looked_at_where_it_is_defined_and_where_it_is_read():
    variables = (
        "  variables: {it: metrics.f1, any: metrics.f1.low > 0.1 || data.rows > 1.0}\n  when:"
    )
    files = policy_repository.changed("  when:", variables, file=FILE)
    read = f"{PASS} && (variables.it.low > 0.1 || variables.any)"
    files = {**files, FILE: files[FILE].replace(PASS, read)}

    found = findings(files)

    assert [(one.code, one.message.partition(":")[0]) for one in found] == [
        ("POL402", "spec.variables.any"),
        ("POL402", "spec.rules[0].pass"),
    ]


def test_a_rule_that_reads_what_is_always_true_cannot_fail():
    variables = "  variables: {sure: true || data.rows > 1.0, also: variables.sure}\n  when:"
    files = policy_repository.changed("  when:", variables, file=FILE)
    files = {**files, FILE: files[FILE].replace(PASS, "pass: variables.also")}

    assert [one.code for one in findings(files)] == ["POL409"]


def test_what_does_not_compile_is_not_said_to_be_certain():
    [found] = linted(PASS, "pass: calibration.ecee.low <= calibration.ecee.low && fals")

    assert found.code == "SPEC333"


@pytest.mark.parametrize("depth", [200, 990])
def test_what_is_nested_too_deep_is_said_to_be(depth):
    nested = "(" * depth + "calibration.ece.high <= params.max" + ")" * depth
    [found] = linted(PASS, f"pass: {nested}")

    assert (found.code, found.level) == ("SPEC336", "error")


def test_a_field_that_no_evidence_has_is_an_error():
    [found] = linted(PASS, "pass: calibration.ece.hihg <= params.max")

    assert (found.code, found.level, found.hint) == ("SPEC353", "error", 'did you mean "high"?')


def test_the_policies_of_the_docs_have_no_findings_but_that_some_have_no_test():
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    files = {"mlgitops.yaml": policy_repository.PROJECT}
    for text in (block for block in blocks if "\nkind: Policy\n" in block):
        files[f"mlops/policies/{text.split('name: ')[1].split()[0].rstrip('}')}.yaml"] = text

    found = lint(load_documents(files, {}), files, (), CelEngine())

    assert len(files) > 2
    assert {one.code for one in found} == {"POL407"}


def test_the_built_in_policies_would_have_no_findings_but_that_their_tests_are_elsewhere():
    own = {
        f"mlops/policies/{file.rpartition('/')[2]}": text
        for file, text in read_builtin().items()
        if "\nkind: Policy\n" in text
    }
    files = {"mlgitops.yaml": policy_repository.PROJECT, **own}

    found = lint(load_documents(files, {}), files, (), CelEngine(timeout_s=60.0))

    assert len(own) >= 38
    assert {one.code for one in found} == {"POL407"}
