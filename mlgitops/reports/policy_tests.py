"""What the tests of policies came to: a table, and below it what is not as expected."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from mlgitops.model.policy_report import CaseResult, Mutant, PolicyReport, Side
from mlgitops.model.verdict import Verdict
from mlgitops.reports import drawing
from mlgitops.reports.numbers import count

if TYPE_CHECKING:
    from rich.console import Console

_INDENT = " " * 4
_MORE_CASES = "write a case for each mutant listed: on the threshold, or a little beside it"
_LACKS: dict[Side, str] = {
    "pass": "no case in which it passes",
    "fail": "no case in which it fails or is inconclusive",
    "missing": "no case in which what it reads is missing (verdict error)",
}


class Shortcoming(NamedTuple):
    """Why the tests as a whole do not pass, and what to do."""

    said: str
    remedy: str


def render(console: Console, reports: Sequence[PolicyReport]) -> None:
    """One row a policy, then every case that surprises, gap and survivor."""
    with_mutants = any(report.mutants for report in reports)
    table = drawing.table("Policy", "Cases", "Rules covered", *["Mutants"] * with_mutants)
    for report in reports:
        cases = len(report.results)
        killed = report.mutants - len(report.survivors)
        shares = [
            _share(cases - len(report.unexpected), cases),
            _share(report.covered, report.rules),
            *[_share(killed, report.mutants)] * with_mutants,
        ]
        table.add_row(drawing.text(report.policy, "bold"), *shares)
    console.print(table)
    for line in details(reports):
        for part in _folded(line, console.width):
            console.print(drawing.text(part), soft_wrap=True)


def _folded(line: str, width: int) -> list[str]:
    """*line* in lines that are no wider; what goes on is indented more than what begins."""
    indent = " " * (len(line) - len(line.lstrip()) + len(_INDENT))
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def details(reports: Sequence[PolicyReport]) -> Iterator[str]:
    """What is wrong, one thing a line, with the lines that belong to it indented."""
    for report in reports:
        is_one = len({test for test, _ in report.results}) == 1
        for test, result in report.unexpected:
            yield from _case(report.policy, "" if is_one else f" (of {test})", result)
        for rule, side in report.uncovered:
            yield f"{report.policy}, rule {rule}: {_LACKS[side]}"
        for mutant in report.survivors:
            yield f"{report.policy}, {_place(mutant)}: nobody notices {mutant.fault}"
            if mutant.expression is not None:
                yield f"{_INDENT}{' '.join(mutant.expression.split())}"


def document(reports: Sequence[PolicyReport]) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "policies": [
            {
                "policy": report.policy,
                "rules": report.rules,
                "cases": [_case_document(test, result) for test, result in report.results],
                "uncovered": [{"rule": rule, "side": side} for rule, side in report.uncovered],
                "mutants": report.mutants,
                "survivors": [asdict(mutant) for mutant in report.survivors],
                "score": round(report.score, 4) if report.mutants else None,
            }
            for report in reports
        ]
    }


def shortcomings(
    reports: Sequence[PolicyReport], *, least_score: float, is_covering: bool
) -> tuple[Shortcoming, ...]:
    """Why the tests as a whole do not pass, in a few words each; empty when they do."""
    found = []
    if unexpected := sum(len(report.unexpected) for report in reports):
        said = f"{count(unexpected, 'case')} not as expected"
        found.append(Shortcoming(said, "correct the policy, or what the case expects"))
    gaps = len({(r.policy, rule) for r in reports for rule, _ in r.uncovered})
    if gaps and is_covering:
        said = f"{count(gaps, 'rule')} not covered"
        remedy = "add the cases that are missing; a draft goes without: --no-coverage"
        found.append(Shortcoming(said, remedy))
    found += [
        Shortcoming(_too_few_noticed(report, least_score), _MORE_CASES)
        for report in reports
        if report.score < least_score
    ]
    return tuple(found)


def _too_few_noticed(report: PolicyReport, least_score: float) -> str:
    noticed = report.mutants - len(report.survivors)
    return (
        f"{noticed} of {report.mutants} mutants of {report.policy} noticed, "
        f"{report.score:.1%} where {100 * least_score:g}% is asked"
    )


def _case(policy: str, place: str, result: CaseResult) -> Iterator[str]:
    yield f"{policy}, case {result.case.name}{place}: {'; '.join(result.surprises)}"
    for rule in result.gate.rules:
        if rule.verdict is not Verdict.PASS or result.gate.verdict is Verdict.PASS:
            yield f"{_INDENT}{rule.rule} is {rule.verdict}: {rule.message}"


def _case_document(test: str, result: CaseResult) -> dict[str, Any]:
    return {
        "test": test,
        "name": result.case.name,
        "expected": result.case.expected.verdict,
        "found": result.found,
        "surprises": list(result.surprises),
        "rules": [
            {"rule": rule.rule, "verdict": str(rule.verdict), "message": rule.message}
            for rule in result.gate.rules
        ],
    }


def _place(mutant: Mutant) -> str:
    if mutant.part == "variable":
        return f"variable {mutant.name}"
    return f"`{mutant.part}` of {mutant.name}" if mutant.name else "`when`"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else "none"
