from __future__ import annotations

from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.errors import SpecError, Unavailable
from mlgitops.model.policy_report import PolicyReport
from mlgitops.usecases.policy_test import Order, run
from tests.fakes import policy_repository

BUILTIN_TEST = """\
apiVersion: mlgitops.dev/v1
kind: PolicyTest
metadata: {name: ours}
spec:
  policy: min-metric
  with: {metric: roc_auc, min: 0.6}
  cases:
    - {name: good enough, expect: pass}
"""


def tried(files: dict[str, str], *names: str, **more: Any) -> tuple[PolicyReport, ...]:
    order = Order(names, **more)
    return run(policy_repository.documents(files), order, CelEngine(), lambda _: None)


def test_a_sound_test_covers_its_rules_and_notices_every_fault():
    [report] = tried(policy_repository.changed(), is_mutating=True)

    assert (report.policy, len(report.results), report.rules) == ("calibrated", 7, 1)
    assert (report.unexpected, report.uncovered, report.survivors) == ((), (), ())
    assert (report.covered, report.score) == (1, 1.0)
    assert report.mutants > 10


def test_without_mutants_none_is_counted():
    [report] = tried(policy_repository.changed())

    assert (report.mutants, report.score) == (0, 1.0)


def test_a_case_that_comes_out_otherwise_is_told_with_what_was_found():
    files = policy_repository.changed("verdict: fail, rules", "verdict: inconclusive, rules")

    [report] = tried(files)

    [(test, result)] = report.unexpected
    assert (test, result.case.name) == ("calibrated", "a little below the lower end")
    assert result.surprises == ("inconclusive was expected, fail was found",)
    assert result.found == "fail"
    assert ("ece", "missing") not in report.uncovered


def test_what_no_case_shows_is_not_covered():
    files = policy_repository.changed(
        "    - name: not measured\n      remove: [calibration.ece]\n      expect: {verdict: error, rules: [ece]}\n",
        "",
    )

    [report] = tried(files)

    assert report.uncovered == (("ece", "missing"),)
    assert report.covered == 0


def test_a_fault_that_nobody_notices_survives():
    files = policy_repository.changed(
        "    - name: on the threshold\n      with: {max: 0.0129}\n      expect: pass\n", ""
    )

    [report] = tried(files, is_mutating=True)

    assert "`<` for `<=`" in {mutant.fault for mutant in report.survivors}
    assert report.score < 1


def test_a_fault_that_does_not_compile_does_not_count():
    text = policy_repository.POLICY.replace(
        "params.max\n      fail", "params.max && true\n      fail"
    )
    files = policy_repository.changed() | {"mlops/policies/calibrated.yaml": text}

    [report] = tried(files, is_mutating=True)

    assert report.mutants > 0


class Dying(CelEngine):
    """Its child is there until the call number *last* of evaluating or compiling, and then not."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self._left = last

    def _run(self, requests: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            return b"", "the evaluation process was ended by SIGSEGV"
        return super()._run(requests)


@pytest.mark.parametrize(
    ("calls", "work"),
    [
        (0, 'judging "calibrated" by calibrated'),
        (1, "compiling "),
        (2, 'judging "calibrated" by calibrated'),
    ],
)
def test_what_is_lost_with_the_child_is_never_taken_for_a_result(calls: int, work: str):
    documents = policy_repository.documents(policy_repository.changed())

    with pytest.raises(Unavailable, match="ended by SIGSEGV") as refused:
        run(documents, Order(is_mutating=True), Dying(calls), lambda _: None)

    assert refused.value.message.startswith(work)


def test_all_tests_of_a_policy_count_together():
    files = policy_repository.changed()
    second = policy_repository.TEST.replace("name: calibrated}", "name: more}")
    [report] = tried(files | {"mlops/policy-tests/more.yaml": second})

    assert len(report.results) == 14


def test_a_built_in_policy_need_not_be_covered_by_a_repository():
    files = policy_repository.changed() | {"mlops/policy-tests/ours.yaml": BUILTIN_TEST}

    calibrated, floor = tried(files)

    assert (calibrated.policy, floor.policy) == ("calibrated", "min-metric")
    assert floor.uncovered == ()


@pytest.mark.parametrize("name", ["ours", "min-metric"])
def test_names_are_of_tests_or_of_policies(name: str):
    files = policy_repository.changed() | {"mlops/policy-tests/ours.yaml": BUILTIN_TEST}

    [report] = tried(files, name)

    assert report.policy == "min-metric"


def test_an_unknown_name_is_refused():
    with pytest.raises(SpecError, match='is called "calibrate"') as refused:
        tried(policy_repository.changed(), "calibrate")

    assert refused.value.hint == 'did you mean "calibrated"?'


def test_a_repository_without_tests_is_refused():
    files = policy_repository.changed()
    del files["mlops/policy-tests/calibrated.yaml"]

    with pytest.raises(SpecError, match="no policy has a test here"):
        tried(files)


def test_all_that_is_wrong_with_all_tests_is_told_at_once():
    files = policy_repository.changed("remove: [calibration.ece]", "remove: [calibration.eec]")
    files["mlops/policy-tests/ours.yaml"] = BUILTIN_TEST.replace(
        "name: good enough", "name: good, remove: [x]"
    )

    with pytest.raises(SpecError) as refused:
        tried(files)

    found = {one.span.file for one in refused.value.diagnostics if one.span}
    assert found == {"mlops/policy-tests/calibrated.yaml", "mlops/policy-tests/ours.yaml"}
