from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlgitops.model.evidence import Evidence
from mlgitops.model.promotion import parse_header
from mlgitops.model.verdict import Decision, Finding, RuleResult, Verdict
from mlgitops.reports.markdown import LARGEST_BODY_BYTES, Merge, promotion_body, summary
from tests.fakes.decisions import gate, of_gates

GOLDEN = Path(__file__).parent / "golden"
FORGE = MarkdownIt("gfm-like", {"html": True, "linkify": True})
EFFECTS = (
    "~ alias champion: flights-delay v3 → v4",
    "~ record of production/flights-delay: v3 → v4",
)
ROLLBACK = "Revert the merge, or run `mlgitops rollback flights-delay --env production`."
OUR_HTML = re.compile(
    r"<details><summary>[\d,]+ [a-z ]+</summary>\n|</details>\n?|<!-- mlgitops .* -->\n"
)
SECTIONS = [
    "What merging does",
    "Champion v3 and candidate",
    "Gates",
    "Behaviour",
    "Data",
    "Model",
    "Card",
    "Lineage",
    "Rollout and rollback",
    "Risks, waivers and approval",
    "Controls",
]


def header(evidence: Evidence, decision: Decision) -> dict[str, Any]:
    return {
        "v": 1,
        "kind": "promotion",
        "environment": decision.environment,
        "model": evidence["subject"]["model"],
        "candidate": evidence["subject"]["candidate"],
    }


def body(evidence: Evidence, decision: Decision) -> str:
    return promotion_body(header(evidence, decision), evidence, decision, Merge(EFFECTS, ROLLBACK))


def assert_harmless(text: str) -> None:
    """Nothing in *text* is live but what is our own."""
    for token in FORGE.parse(text):
        assert token.type not in ("fence", "code_block", "blockquote_open", "ordered_list_open")
        if token.type == "html_block":
            assert OUR_HTML.fullmatch(token.content), token.content
        for child in token.children or []:
            assert child.type not in ("link_open", "image", "html_inline"), child
            if child.type == "text":
                assert not set("@#<>`") & set(child.content), child.content
    for line in text.splitlines():
        assert line == "" or line.isprintable() or "\xa0" in line
    assert_tables_are_whole(text)


def assert_tables_are_whole(text: str) -> None:
    """Each row has as many cells as its header; a forge drops further ones in silence."""
    columns = None
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        columns = columns or cells
        assert cells == columns


def test_the_body_reads_as_reviewed(name: str, cases: Any, golden: Callable[[Path, str], None]):
    evidence, decision, _ = cases[name]

    golden(GOLDEN / f"{name}.body.md", body(evidence, decision))


def test_the_summary_reads_as_reviewed(name: str, cases: Any, golden: Callable[[Path, str], None]):
    evidence, decision, _ = cases[name]

    golden(GOLDEN / f"{name}.summary.md", summary(evidence, decision))


def test_sections_come_in_the_order_that_reviewers_know(cases: Any):
    evidence, decision, _ = cases["retrained"]

    assert re.findall("^### (.*)$", body(evidence, decision), re.MULTILINE) == SECTIONS


def test_the_first_line_is_the_header_and_reads_back(name: str, cases: Any):
    evidence, decision, _ = cases[name]

    assert parse_header(body(evidence, decision)) == header(evidence, decision)


def test_equal_input_gives_equal_bytes_whatever_the_order_of_keys(name: str, cases: Any):
    evidence, decision, _ = cases[name]
    turned = copy.deepcopy(evidence)
    for part in (turned["metrics"], turned["train_metrics"], turned["producer"]["versions"]):
        items = list(part.items())
        part.clear()
        part.update(reversed(items))

    assert body(turned, decision) == body(evidence, decision)


def test_our_own_text_is_harmless(name: str, cases: Any):
    evidence, decision, _ = cases[name]

    assert_harmless(body(evidence, decision))
    assert_harmless(summary(evidence, decision))


@pytest.mark.parametrize("name", ["retrained", "leaking"])
def test_no_payload_is_live(name: str, payload: str, poison: Any):
    evidence, decision = poison(name, payload)
    text = promotion_body({"v": 1, "model": payload}, evidence, decision, Merge([payload], payload))

    assert_harmless(text)
    assert_harmless(summary(evidence, decision))
    assert parse_header(text) == {"v": 1, "model": payload}
    assert len(re.findall("^### ", text, re.MULTILINE)) == len(SECTIONS)


@settings(max_examples=60)
@given(
    text=st.text(
        alphabet=st.one_of(st.sampled_from("`|\\[](){}<>!#@*_~:-+. \n1a"), st.characters())
    )
)
def test_no_text_at_all_is_live(text: str, poison: Any):
    evidence, decision = poison("retrained", text)

    assert_harmless(promotion_body({"v": 1}, evidence, decision, Merge([text], text)))


def huge(evidence: Evidence, decision: Decision, part: str) -> tuple[Evidence, Decision]:
    """The same with very much of one thing."""
    evidence = copy.deepcopy(evidence)
    long = "é|`" * 200
    if part == "slices":
        evidence["slices"] = [
            {**record, "name": f"{long}{i}"} for i in range(200) for record in evidence["slices"]
        ]
    elif part == "expectations":
        failing = {**evidence["data"]["validation"]["results"][-1], "column": long}
        failing["rows"] = [{long: long}] * 20
        evidence["data"]["validation"]["results"] = [failing] * 400
    elif part == "columns":
        columns = [{"name": f"{long}{i}", "type": "double"} for i in range(5_000)]
        evidence["subject"]["inputs"] = columns
        evidence["producer"]["versions"] = {f"{long}{i}": "1" for i in range(5_000)}
    elif part == "gates":
        decision = replace(decision, gates=decision.gates * 300)
    return evidence, decision


def test_a_summary_counts_the_remedies_that_it_leaves_out(cases: Any):
    rules = [RuleResult("r", Verdict.FAIL, "r", f"do {n}") for n in range(8)]
    gates = [gate(Verdict.FAIL, policy=f"p{n}", rules=(one,)) for n, one in enumerate(rules)]
    text = summary(cases["retrained"][0], of_gates(Verdict.FAIL, *gates))

    assert "- \N{CROSS MARK} **fail** `p0`: r.\n" in text
    assert text.endswith("- And 3 more: see the gates above.\n")


@pytest.mark.parametrize("part", ["slices", "expectations", "columns", "gates"])
def test_too_much_is_cut_at_a_line_and_says_where_the_rest_is(part: str, cases: Any):
    evidence, decision = huge(*cases["retrained"][:2], part)
    text = body(evidence, decision)

    assert len(text.encode()) <= LARGEST_BODY_BYTES
    assert parse_header(text) == header(evidence, decision)
    assert text.count("<details>") == text.count("</details>")
    assert_harmless(text)
    if part in ("expectations", "gates"):
        assert len(text.encode()) > LARGEST_BODY_BYTES - 5_000
        assert text.splitlines()[-1] == (
            "Cut here: the body would be too long. The rest is in "
            "`mlops/evidence/flights-delay/4d1c90aa52e1-c0ffeec0ffee.json` of this branch."
        )


def test_the_summary_is_cut_as_well(cases: Any):
    evidence, decision = huge(*cases["retrained"][:2], "gates")
    text = summary(evidence, decision)

    assert len(text.encode()) <= LARGEST_BODY_BYTES
    assert text.endswith("The rest is in the report of this run.\n")


def test_what_the_evidence_lacks_is_said_to_be_missing(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["regression"])
    evidence["metrics"] = {}
    evidence["subject"]["inputs"] = []
    evidence["leakage"]["features"] = []
    text = promotion_body({"v": 1}, evidence, decision, Merge([], "none"))

    assert "Nothing: no effect was planned." in text
    assert "No metric could be computed." in text
    for line in (
        "| Drift against the champion's data | \N{HEAVY MINUS SIGN} No champion is released, so there is nothing to compare with. |",
        "| Use of the holdout | \N{HEAVY MINUS SIGN} Not known: the registry did not answer. |",
        "| Fairness | \N{HEAVY MINUS SIGN} Not asked for: `evaluate.groups` asks for it. |",
        "| Latency | \N{HEAVY MINUS SIGN} Not asked for: `evaluate.latencyCalls` asks for it. |",
        "| Intended use | \N{HEAVY MINUS SIGN} Not stated: `card.intendedUse`. |",
    ):
        assert line in text.splitlines()
    assert "no time column" in text
    assert "none recorded" in text
    assert_harmless(text)


def test_waivers_are_named(cases: Any):
    evidence, decision, _ = cases["leaking"]
    waived = replace(
        decision, gates=tuple(replace(g, waived_by="late-data") for g in decision.gates)
    )

    assert (
        "- Waiver `late-data` for `leakage` (rules `after-the-fact`), not honoured, it expired on "
        "`2026-11-01`."
    ) in body(evidence, decision)
    held = replace(waived.waivers[0], holds=True, rules=())
    assert "- Waiver `late-data` for `leakage`, until `2026-11-01`." in body(
        evidence, replace(waived, waivers=(held,))
    )
    said = replace(held, reason="The strike ended, see [x](http://x).")
    text = body(evidence, replace(waived, waivers=(said,)))
    assert "Waived by late-data until" in text
    assert "- Waiver `late-data` for `leakage`, until `2026-11-01`: The strike ended, see" in text
    assert "[x](http" not in text.replace("`[x](http", "")
    of_another = replace(held, holds=False, why_not="it is for candidate 0123456789ab")
    assert (
        "- Waiver `late-data` for `leakage`, not honoured, it is for candidate `0123456789ab`; "
        "last day `2026-11-01`."
    ) in body(evidence, replace(decision, waivers=(of_another,)))
    in_part = replace(held, why_not="an error is never waived")
    partly = "not honoured at every gate, an error is never waived; last day `2026-11-01`."
    assert partly in body(evidence, replace(waived, waivers=(in_part,)))
    assert "- Waiver `late-data`." in body(evidence, replace(waived, waivers=()))
    assert "- Waivers: none." in body(evidence, replace(decision, waivers=()))


def test_fifty_slices_and_thirty_one_gates_are_below_the_limit(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["leaking"])
    evidence["slices"] = [
        {**evidence["slices"][place % 9], "name": f"destination_airport=A{place}"}
        for place in range(50)
    ]
    failing = next(gate for gate in decision.gates if gate.policy == "leakage")
    wordy = replace(failing, metrics=tuple(evidence["metrics"]))
    text = body(evidence, replace(decision, gates=(wordy,) * 31))

    assert len(text.encode()) < LARGEST_BODY_BYTES
    assert "Cut here" not in text


def test_a_finding_stands_beside_the_verdict_that_it_explains(cases: Any):
    evidence, decision, _ = cases["leaking"]
    line = next(line for line in body(evidence, decision).splitlines() if "fail |" in line)

    assert "`leakage.max_feature_auc` is 0.8731, at most 0.8500 is asked." in line


def test_many_findings_are_counted(cases: Any):
    evidence, decision, _ = cases["leaking"]
    findings = tuple(Finding(f"a{place}") for place in range(9))
    rule = RuleResult("many", Verdict.FAIL, "Nine things", "", findings)
    gate = replace(decision.gates[-1], rules=(rule,))
    text = summary(evidence, replace(decision, gates=(gate,)))

    assert "`a4` is not true. 4 more conditions do not hold." in text
    assert "`a5`" not in text


def test_a_gate_to_come_names_its_day(cases: Any):
    evidence, decision, _ = cases["retrained"]
    gate = replace(decision.gates[0], level="audit", blocks_from="2026-12-01")
    text = summary(evidence, replace(decision, gates=(gate,)))

    assert "| audit, blocks from `2026-12-01`; until then only shown |" in text


def test_the_shared_sample_has_a_body(shared_evidence: Evidence, cases: Any):
    text = body(shared_evidence, cases["retrained"][1])

    assert_harmless(text)
    assert "| `roc_auc`\xa0↑ | 0.6378 | **0.6431** |" in text
