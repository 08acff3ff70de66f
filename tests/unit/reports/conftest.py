"""The candidates that reports are made of, also with payloads in every text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlgitops.model.curves import Curves
from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import (
    ConsideredWaiver,
    Decision,
    Finding,
    GateResult,
    RuleResult,
    Verdict,
)
from mlgitops.reports.facts import Grid, Names, Section, Text
from tests.fakes.reported import CASES, SAMPLE

# What people have put into names to make a page, a pull request or a log do something.
PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href=https://evil.example>click</a>",
    "</style><script>1</script>",
    "</td></tr></table><h1>Approved</h1>",
    "<!-- hidden -->",
    "--><b>out</b><!--",
    "</details>",
    "<details open><summary>x</summary>",
    "[click](https://evil.example)",
    "![pixel](https://evil.example/p.png)",
    "[ref]: https://evil.example",
    "[ref][ref]",
    "https://evil.example/login",
    "www.evil.example",
    "<https://evil.example>",
    "mail@evil.example",
    "@org/admins please merge",
    "fixes #1",
    "org/repo#12",
    "GH-12",
    "0123456789abcdef0123456789abcdef01234567",
    ":white_check_mark:",
    "a | b | c",
    "\\| x \\\\| y",
    "`code`",
    "``two`` `one",
    "`",
    "``` fence",
    "a`b``c```d",
    "~~~",
    "# heading",
    "1. list",
    "- [x] task",
    "> quote",
    "---",
    "***bold*** __under__ ~~gone~~",
    "line\nbreak\r\n\r\n# heading",
    "\u202egnp.exe",
    "zero\u200bwidth\ufeff\u2060",
    "tag\U000e0041\U000e0042",
    "\x1b[2J\x1b[31mred",
    "::error title=x::y",
    "::set-output name=a::b",
    "%0A::warning::x",
    "{{ 7 * 7 }} {% raw %}",
    "$x^2$ \\(y\\)",
    "&lt;script&gt; &amp; &#64;org",
    "javascript:alert(1)",
    "[bold red]markup[/]",
    "\ud800",
    "x" * 5_000,
)
_CLOSED = frozenset({"direction", "status"})
_CHOSEN = frozenset({"fairness", "robustness", "rates", "gaps", "seconds", "ext"})


def poisoned(node: Any, payload: str, key: str = "") -> Any:
    """*node* with every text replaced, but for words of a closed set.

    So are names that users chose where they are keys.
    """
    if isinstance(node, dict) and key in _CHOSEN:
        node = {f"{payload}{place}": value for place, value in enumerate(node.values())}
    if isinstance(node, dict) and _holds_metrics(node, key):
        node = {f"{payload}{name}": value for name, value in node.items()}
    if isinstance(node, dict):
        return {name: poisoned(value, payload, name) for name, value in node.items()}
    if isinstance(node, list):
        return [poisoned(item, payload, key) for item in node]
    return payload if isinstance(node, str) and key not in _CLOSED else node


def _holds_metrics(node: dict[str, Any], key: str) -> bool:
    """Whether the keys are metrics: a comparison may also be of one metric alone."""
    return key == "train_metrics" or (
        key in ("metrics", "comparison") and all(isinstance(one, dict) for one in node.values())
    )


def poisoned_decision(source: Decision, payload: str) -> Decision:
    findings = (
        Finding(payload, payload, payload, ">=", payload),
        Finding(payload, payload, offenders=(payload, payload), offending=3, items=4),
        Finding(payload, error=payload),
    )
    waivers = (
        ConsideredWaiver(payload, payload, (payload, payload), payload, holds=True, reason=payload),
        ConsideredWaiver(
            f"{payload}2", payload, (), payload, holds=False, reason=payload, why_not=payload
        ),
    )

    def poison(found: GateResult) -> GateResult:
        rules = tuple(
            RuleResult(payload, r.verdict, payload, payload, findings) for r in found.rules
        )
        waiver = payload if found.verdict is not Verdict.PASS and not found.is_blocking else None
        return GateResult(
            payload,
            {"metric": payload, payload: payload},
            found.level,
            found.applies,
            found.verdict,
            rules,
            waiver,
            (*(f"{payload}{name}" for name in found.metrics), payload),
            blocks_from=payload,
        )

    known = {"now": payload, "stage": payload, "environment": payload, "soak_hours": 31.5}
    gates = tuple(map(poison, source.gates))
    return Decision(
        payload, payload, payload, source.verdict, gates, payload, known, waivers, payload
    )


@pytest.fixture(params=PAYLOADS)
def payload(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def poison() -> Callable[[str, str], tuple[Evidence, Decision]]:
    """A case by name with a payload in the place of every text."""

    def make(name: str, payload: str) -> tuple[Evidence, Decision]:
        evidence, found, _ = CASES[name]
        return poisoned(evidence, payload), poisoned_decision(found, payload)

    return make


@pytest.fixture
def shared_evidence() -> Evidence:
    """The sample that all floors test with."""
    return json.loads(SAMPLE.read_text())


@pytest.fixture(scope="session")
def cases() -> dict[str, tuple[Evidence, Decision, Curves]]:
    """All cases by name; to be copied before they are changed."""
    return CASES


@pytest.fixture(params=sorted(CASES))
def name(request: pytest.FixtureRequest) -> str:
    """Name of each case."""
    return request.param


@pytest.fixture(scope="session")
def told() -> Callable[[Section], list[str]]:
    """The facts of a section as plain lines, with `!` before a bad and `-` before a missing one."""

    def lines(section: Section) -> list[str]:
        signs = {"plain": "", "worse": "! ", "missing": "- "}
        return [f"{signs[one.tone]}{one.name}: {plain(one.text)}" for one in section.facts]

    return lines


def plain(text: Text) -> str:
    """Names in angle brackets, so that they cannot be taken for our words."""
    return "".join(
        piece if isinstance(piece, str)
        else ", ".join(f"<{name}>" for name in piece.names) if isinstance(piece, Names)
        else piece.text
        for piece in text
    )  # fmt: skip


@pytest.fixture(scope="session")
def cells() -> Callable[[Grid], list[list[str]]]:
    """The cells of a grid as plain texts."""
    return lambda grid: [[plain(cell) for cell in line] for line in grid.rows]
