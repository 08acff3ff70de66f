from __future__ import annotations

import io

from rich.console import Console  # noqa: TID253 - what tables are drawn on

from mlgitops.model.policy import Expected, PolicyCase
from mlgitops.model.policy_report import CaseResult, Mutant, PolicyReport
from mlgitops.model.verdict import GateResult, RuleResult, Verdict
from mlgitops.reports import policy_tests
from mlgitops.reports.harmless import json_text
from tests.fakes.answers import valid

CASE = PolicyCase("far below", {}, (), {}, {}, Expected("fail"))
RULES = (
    RuleResult("floor", Verdict.INCONCLUSIVE, "low is 0.61; 0.62 is asked", ""),
    RuleResult("n", Verdict.PASS, "enough rows", ""),
)
GATE = GateResult("own", {}, "hard", True, Verdict.INCONCLUSIVE, RULES)
SURPRISING = CaseResult(CASE, GATE, ("fail was expected, inconclusive was found",))
SOUND = CaseResult(CASE, GATE, ())
LIVING = Mutant("floor", "pass", "a.low\n  > 1", "`>` for `>=`")


def drawn(*reports: PolicyReport) -> str:
    stream = io.StringIO()
    policy_tests.render(Console(file=stream, width=100), reports)
    return stream.getvalue()


def report(**more: object) -> PolicyReport:
    given: dict[str, object] = {"results": (("t", SOUND),), "uncovered": ()} | more
    return PolicyReport("own", 2, **given)  # type: ignore[arg-type]


def test_a_sound_report_is_one_row():
    lines = drawn(report(mutants=4)).splitlines()

    assert lines[0].split() == ["Policy", "Cases", "Rules", "covered", "Mutants"]
    assert lines[1].split() == ["own", "1", "of", "1", "2", "of", "2", "4", "of", "4"]
    assert len(lines) == 2


def test_mutants_are_a_column_only_where_there_are_any():
    assert "Mutants" not in drawn(report())


def test_what_is_wrong_is_told_below_with_what_the_rules_said():
    lines = list(
        policy_tests.details(
            [
                report(
                    results=(("t", SURPRISING), ("t", SOUND)),
                    uncovered=(("n", "missing"),),
                    mutants=4,
                    survivors=(
                        LIVING,
                        Mutant("", "when", None, "left out"),
                        Mutant("large", "variable", "a > 0", "0 for 1"),
                    ),
                )
            ]
        )
    )

    assert lines == [
        "own, case far below (of t): fail was expected, inconclusive was found",
        "    floor is inconclusive: low is 0.61; 0.62 is asked",
        "own, rule n: no case in which what it reads is missing (verdict error)",
        "own, `pass` of floor: nobody notices `>` for `>=`",
        "    a.low > 1",
        "own, `when`: nobody notices left out",
        "own, variable large: nobody notices 0 for 1",
        "    a > 0",
    ]


def test_the_document_keeps_to_its_schema():
    made = report(
        results=(("t", SURPRISING),), uncovered=(("n", "pass"),), mutants=4, survivors=(LIVING,)
    )

    [found] = valid("policy-test", json_text(policy_tests.document([made])))["policies"]

    assert found["score"] == 0.75
    assert found["cases"][0]["surprises"]
    assert valid("policy-test", json_text(policy_tests.document([report()])))


def test_the_tests_as_a_whole_fall_short_by_cases_coverage_and_score():
    poor = report(
        results=(("t", SURPRISING),),
        uncovered=(("n", "pass"), ("n", "fail")),
        mutants=4,
        survivors=(LIVING,),
    )

    assert policy_tests.shortcomings([poor, report()], least_score=0.95, is_covering=True) == (
        "1 case not as expected", "1 rule not covered", "75.0% of the mutants of own noticed",
    )  # fmt: skip
    assert policy_tests.shortcomings([poor], least_score=0.75, is_covering=False) == (
        "1 case not as expected",
    )
    assert policy_tests.shortcomings([report()], least_score=1.0, is_covering=True) == ()
