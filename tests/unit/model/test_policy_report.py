from __future__ import annotations

import pytest

from mlgitops.model.policy import Expected, PolicyCase
from mlgitops.model.policy_report import CaseResult, Mutant, PolicyReport
from mlgitops.model.verdict import GateResult, Verdict

MUTANT = Mutant("only", "pass", "true", "always true")


def result(*surprises: str, applies: bool = True) -> CaseResult:
    case = PolicyCase("c", {}, (), {}, {}, Expected("pass"))
    return CaseResult(case, GateResult("own", {}, "hard", applies, Verdict.PASS, ()), surprises)


def test_a_report_counts_rules_that_are_covered_and_cases_that_surprise():
    gaps = (("a", "pass"), ("a", "fail"), ("b", "missing"))
    report = PolicyReport("own", 3, (("t", result()), ("t", result("so"))), gaps)  # type: ignore[arg-type]

    assert report.covered == 1
    assert [one.surprises for _, one in report.unexpected] == [("so",)]


@pytest.mark.parametrize(
    ("mutants", "survivors", "score"), [(0, 0, 1.0), (4, 0, 1.0), (4, 1, 0.75)]
)
def test_the_score_is_the_share_that_was_noticed(mutants: int, survivors: int, score: float):
    assert PolicyReport("own", 1, (), (), mutants, (MUTANT,) * survivors).score == score


def test_a_policy_that_does_not_apply_is_found_so():
    assert (result().found, result(applies=False).found) == ("pass", "not-applicable")
