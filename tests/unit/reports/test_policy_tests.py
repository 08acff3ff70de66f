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
        "own, case far below: fail was expected, inconclusive was found",
        "    floor is inconclusive: low is 0.61; 0.62 is asked",
        "own, rule n: no case in which what it reads is missing (verdict error)",
        "own, `pass` of floor: nobody notices `>` for `>=`",
        "    a.low > 1",
        "own, `when`: nobody notices left out",
        "own, variable large: nobody notices 0 for 1",
        "    a > 0",
    ]


def test_a_case_names_its_test_where_a_policy_has_several():
    found = report(results=(("t", SURPRISING), ("u", SOUND)))

    assert next(policy_tests.details([found])).startswith("own, case far below (of t): fail was")


def test_lines_fit_the_console_and_go_on_further_in():
    found = report(results=(("t", SURPRISING),), survivors=(LIVING,), mutants=4)
    stream = io.StringIO()
    policy_tests.render(Console(file=stream, width=40), [found])

    assert stream.getvalue().splitlines()[2:] == [
        "own, case far below: fail was expected,",
        "    inconclusive was found",
        "    floor is inconclusive: low is 0.61;",
        "        0.62 is asked",
        "own, `pass` of floor: nobody notices `>`",
        "    for `>=`",
        "    a.low > 1",
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
        ("1 case not as expected", "correct the policy, or what the case expects"),
        (
            "1 rule not covered",
            "add the cases that are missing; a draft goes without: --no-coverage",
        ),
        (
            "3 of 4 mutants of own noticed, 75.0% where 95% is asked",
            "write a case for each mutant listed: on the threshold, or a little beside it",
        ),
    )
    [cases] = policy_tests.shortcomings([poor], least_score=0.75, is_covering=False)
    assert cases.said == "1 case not as expected"
    assert policy_tests.shortcomings([report()], least_score=1.0, is_covering=True) == ()
