from __future__ import annotations

import copy
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.model.curves import Curves
from mlgitops.model.evidence import Evidence
from mlgitops.model.verdict import ConsideredWaiver, Decision, GateResult, RuleResult, Verdict
from mlgitops.reports import html
from mlgitops.spec.evidence import decode, encode
from tests.fakes.decisions import gate, of_gates

VOID = {"meta", "line", "br", "path", "use", "input"}
NO_CURVES = Curves(None, None)
OUR_TAGS = frozenset(
    [
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "header",
            "section",
            "h1",
            "h2",
            "h3",
        ),
        *("p", "b", "ul", "ol", "li", "dl", "dt", "dd", "br", "div", "span", "code", "time"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary"),
        *("figure", "figcaption", "svg", "g", "path", "line", "text", "defs", "clippath"),
        *("rect", "use"),
    ]
)
LOADERS = {"src", "srcset", "action", "formaction", "data", "poster", "background", "ping"}


class Page(HTMLParser):
    """Reads a page, and refuses what is not well-formed or could load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self.styles: list[str] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in OUR_TAGS, tag
        for key, value in attrs:
            assert not key.startswith("on")
            assert key not in LOADERS
            if key in ("href", "xlink:href"):
                assert (value or "").startswith("#")
            if key == "style":
                self.styles.append(value or "")
            if key == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.styles.append(data)
        elif data.strip():
            self.words.append(" ".join(data.split()))
            if self.open[-1] == "h2":
                self.headings.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(evidence: Evidence, decision: Decision, curves: Curves = NO_CURVES) -> Page:
    text = html.render(evidence, decision, curves)
    assert text.startswith("<!doctype html>")
    page = Page(text)
    assert page.open == []
    assert page.comments == []
    for style in page.styles:
        assert "@import" not in style
        assert not re.search(r"url\((?!#)", style)
    return page


def read_without_plots(evidence: Evidence, decision: Decision) -> Page:
    """Plots hold no text from data, and take most of the time."""
    evidence["calibration"] = None
    return read(evidence, decision)


def test_the_cases_are_evidence_as_it_is_stored(name: str, cases: Any):
    evidence = cases[name][0]

    assert decode(encode(evidence)) == evidence


def test_the_page_is_whole_and_loads_nothing(name: str, cases: Any):
    evidence, decision, curves = cases[name]
    page = read(evidence, decision, curves)
    text = html.render(evidence, decision, curves)

    assert len(page.ids) == len(set(page.ids))
    assert "http" not in text
    assert "//" not in text
    assert len(text.encode()) < 100_000


def test_the_verdict_comes_first(name: str, cases: Any):
    evidence, decision, curves = cases[name]
    page = read(evidence, decision, curves)
    titles = {
        "retrained": "Ready to release to production",
        "first": "Ready to release to staging",
        "leaking": "Refused for production: 1 gate failed",
        "regression": "Not decided for staging: 1 gate is inconclusive",
    }

    assert titles[name] in page.words[:8]
    assert "What to do next" in page.headings[0]


def test_what_blocks_is_marked_and_most_urgent_first(cases: Any):
    gates = (
        gate(Verdict.INCONCLUSIVE, policy="unsure"),
        gate(Verdict.FAIL, policy="broken"),
        gate(Verdict.ERROR, policy="lost"),
    )
    page = html.render(cases["retrained"][0], of_gates(Verdict.ERROR, *gates), NO_CURVES)
    header = page[page.index("<header") : page.index("</header>")]

    assert re.findall(r'class="badge (\w+)".*?</span> (\w+)</span> (\w+):', header) == [
        ("error", "error", "lost"),
        ("fail", "fail", "broken"),
        ("inconclusive", "inconclusive", "unsure"),
    ]


def test_a_long_list_of_steps_ends_with_a_count(cases: Any):
    rules = [RuleResult("r", Verdict.FAIL, "r", f"do {n}") for n in range(8)]
    gates = [gate(Verdict.FAIL, policy=f"p{n}", rules=(one,)) for n, one in enumerate(rules)]
    page = html.render(cases["retrained"][0], of_gates(Verdict.FAIL, *gates), NO_CURVES)

    assert "<li>And 3 more: see the gates below.</li>" in page


def test_a_metric_of_the_repository_says_so(cases: Any):
    evidence = copy.deepcopy(cases["retrained"][0])
    said = "computed by a function of this repository"
    assert said not in html.render(evidence, cases["retrained"][1], NO_CURVES)

    evidence["metrics"]["profit"] = evidence["metrics"]["roc_auc"]
    assert html.render(evidence, cases["retrained"][1], NO_CURVES).count(said) == 1


def test_every_section_is_there_even_when_it_has_nothing(name: str, cases: Any):
    evidence, decision, curves = cases[name]

    headings = read(evidence, decision, curves).headings
    reference = (
        "champion v3" if evidence["champion"] else f"the {evidence['baseline']['kind']} baseline"
    )

    assert headings[-11:] == [
        "Gates",
        f"Candidate and {reference}",
        "Slices, worst first",
        "Behaviour",
        "Curves",
        "Data validation",
        "Leakage",
        "Data and split",
        "Model",
        "Card",
        "Lineage",
    ]


def test_equal_arguments_give_equal_text(cases: Any):
    assert html.render(*cases["retrained"]) == html.render(*copy.deepcopy(cases["retrained"]))


def test_numbers_of_the_evidence_are_on_the_page(cases: Any):
    page = read(*cases["retrained"])

    for shown in ("0.6412", "0.6351", "+0.0061", "[+0.0009, +0.0113]", "27,489 holdout rows"):
        assert shown in page.text
    assert "21,344 of 189,214" in page.text
    assert "flight_id=2013-06-13T00-EWR-UA-1071" in page.text
    assert page.text.count("3 slices too small to judge") == 1 + 1  # and among the risks
    assert "carrier=VX : 442 rows" in page.text


def test_what_is_absent_is_said_to_be_absent(cases: Any):
    page = read(*cases["regression"])

    for sentence in (
        "No champion is released in staging",
        "The pipeline declares no slices",
        "No curves: they exist for binary classification only, and this task is regression.",
        "no time column",
    ):
        assert sentence in page.text


def test_an_evidence_with_next_to_nothing_still_has_a_page(cases: Any):
    evidence, _, _ = copy.deepcopy(cases["regression"])
    evidence["metrics"], evidence["train_metrics"] = {}, {}
    evidence["data"]["validation"].update(asked=0, evaluated=0, passed=0, results=[])
    evidence["data"]["sources"], evidence["subject"]["inputs"] = [], []
    evidence["data"]["split"]["train"]["rows"] = evidence["data"]["split"]["holdout"]["rows"] = 0
    evidence["leakage"]["features"] = []
    evidence["producer"].update(versions={}, trigger="", workflow="")
    decision = of_gates(cases["regression"][1].verdict, environment="staging")
    page = read(evidence, decision)

    for sentence in (
        "No policy is bound, so nothing was judged.",
        "No metric could be computed.",
        "No expectation was evaluated.",
        "No single-column figures",
        "no signature recorded",
        "not recorded",
    ):
        assert sentence in page.text


def test_what_breaks_a_gate_stands_beside_it(cases: Any):
    page = read(*cases["leaking"])

    assert "leakage.max_feature_auc is 0.8731, at most 0.8500 is asked" in page.words
    assert "not honoured, it expired on 2026-11-01" in page.words
    assert (
        "roc_auc 0.8809 [0.8730, 0.8888] ; gain +0.2458 [+0.2406, +0.2510] ; 27,489 rows, "
        "paired-bootstrap"
    ) in page.text


def test_behaviour_data_model_and_card_are_told(cases: Any):
    page = read(*cases["leaking"])

    for sentence in (
        "sensor-noise changes roc_auc by \N{MINUS SIGN}0.0121",
        "true_positive_rate origin=JFK origin=EWR 0.0710 [0.0500, 0.0920]",
        "beyond 0.2: dep_delay .",
        "Callers must also send dep_delay .",
        "flightlib not pinned not named",
        "Intended use Warns travellers on the morning of the flight.",
    ):
        assert sentence in page.text


def test_what_was_not_asked_for_names_the_key(cases: Any):
    page = read(*cases["regression"])

    for name, key in (
        ("Fairness", "evaluate.groups"),
        ("Robustness", "evaluate.perturbations"),
        ("Training noise", "evaluate.seeds"),
        ("Latency", "evaluate.latencyCalls"),
    ):
        assert f"{name} Not asked for: {key} asks for it." in page.text


def test_long_grids_are_folded_and_end_with_a_count(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["drift"] = [{"column": f"c{i}", "psi": 0.1} for i in range(250)]
    page = read(evidence, decision)

    assert "240 more" in page.words
    assert "50 more are in the evidence." in page.words


def test_a_gate_to_come_and_the_time_of_judging_are_told(cases: Any):
    evidence, decision, _ = cases["retrained"]
    gate = replace(decision.gates[0], level="audit", blocks_from="2026-12-01")
    known = {"now": "2026-11-20T09:00:00Z", "stage": "promote", "environment": "production"}
    page = read(evidence, replace(decision, gates=(gate,), context={**known, "soak_hours": 31.5}))

    assert "audit, blocks from 2026-12-01; until then only shown" in page.text
    assert (
        "2026-11-20T09:00:00Z , stage promote, 31.50 hours in the environment before" in page.text
    )


def test_a_waiver_that_leaves_a_gate_shut_says_so_whether_or_not_it_opens_another(cases: Any):
    evidence, decision, _ = cases["leaking"]
    held = replace(decision.waivers[0], holds=True, why_not="an error is never waived")
    opened = replace(decision.gates[0], verdict=Verdict.FAIL, waived_by=held.name)

    def told(waiver: ConsideredWaiver, gates: tuple[GateResult, ...]) -> str:
        text = read(evidence, replace(decision, waivers=(waiver,), gates=gates)).text
        return text.partition("Waivers")[2][:150]

    assert "not honoured, an error is never waived" in told(held, decision.gates)
    assert "not honoured at every gate, an error is never waived" in told(held, (opened,))
    assert "until 2026-11-01" in told(replace(held, why_not=""), (opened,))


def test_many_slices_are_folded(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["slices"] = [{**evidence["slices"][0], "name": f"dest={i}"} for i in range(90)]

    assert "85 more slices" in read(evidence, decision).text


@pytest.mark.parametrize("name", ["leaking", "first"])
def test_no_payload_is_live(name: str, payload: str, poison: Any):
    page = read_without_plots(*poison(name, payload))

    assert len(page.headings) == 13


@settings(max_examples=60)
@given(text=st.text())
def test_no_text_at_all_is_live(text: str, poison: Any):
    page = read_without_plots(*poison("retrained", text))

    assert "\u202e" not in page.text
    assert len(page.headings) == 13


def test_payloads_are_shown_as_they_are(poison: Any):
    page = read_without_plots(*poison("retrained", "<b>{{ 191 * 7 }}</b>"))

    assert "<b>{{ 191 * 7 }}</b>" in page.text
    assert "1337" not in page.text


def test_the_shared_sample_has_a_page(shared_evidence: Evidence, cases: Any):
    page = read(shared_evidence, cases["retrained"][1])

    assert "roc_auc is 0.6431; champion v3 has 0.6378" in page.text
