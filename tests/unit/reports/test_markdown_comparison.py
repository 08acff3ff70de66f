from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlgitops.evaluation.slices import cut
from mlgitops.reports.escaping import visible
from mlgitops.reports.markdown_comparison import comparison

FORGE = MarkdownIt("gfm-like", {"html": True, "linkify": True})
HOSTILE = st.text(alphabet=st.one_of(st.sampled_from("`|\\\\=,∅[](){}<>!#@*_~ "), st.characters()))


def test_the_worst_slices_are_shown_and_the_others_folded(cases: Any):
    evidence, decision, _ = cases["retrained"]
    lines = list(comparison(evidence, decision)[1])
    fold = lines.index("<details><summary>4 more slices</summary>")
    end = lines.index("</details>")

    assert sum("carrier=" in line for line in lines[:fold]) == 5
    assert sum("carrier=" in line for line in lines[fold:end]) == 4
    assert lines[end + 1 :] == [
        "",
        (
            "3 slices too small to judge: `carrier=AS` (62 rows), `carrier=FL` (251 rows), "
            "`carrier=VX` (442 rows)."
        ),
    ]


def test_metrics_that_the_repository_computes_are_named(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    said = "Computed by functions of this repository: "
    assert not any(line.startswith(said) for line in comparison(evidence, decision)[1])

    evidence["metrics"] |= dict.fromkeys(("profit", "regret"), evidence["metrics"]["roc_auc"])
    assert f"{said}`profit`, `regret`." in list(comparison(evidence, decision)[1])


def test_slices_too_small_to_judge_are_all_counted(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    small = {**evidence["slices"][-1], "judged": False}
    evidence["slices"] = [{**small, "name": f"dest={i}|"} for i in range(30)]
    last = list(comparison(evidence, decision)[1])[-1]

    assert last.startswith("30 slices too small to judge: `dest=0|` (62 rows), ")
    assert last.endswith(" (62 rows), 10 more.")


def test_what_slices_have_too_few_of_is_told(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    small = {**evidence["slices"][-1], "judged": False, "n": 412}
    evidence["slices"] = [
        {**small, "name": "dest=a", "lacks": "positives", "positives": 3},
        {**small, "name": "dest=b", "lacks": "negatives", "positives": 411},
    ]

    assert list(comparison(evidence, decision)[1])[-3:] == [
        "1 slice with too few positives to judge: `dest=a` (3 of 412 rows).",
        "",
        "1 slice with too few negatives to judge: `dest=b` (1 of 412 rows).",
    ]


def test_a_judged_slice_may_lack_the_metric(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["slices"] = [{**evidence["slices"][0], "metrics": {}, "comparison": {}}]

    assert any("not defined on these rows |" in line for line in comparison(evidence, decision)[1])


def test_slices_beyond_reason_are_counted_only(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["slices"] = [{**evidence["slices"][0], "name": f"dest={i}"} for i in range(400)]

    assert list(comparison(evidence, decision)[1])[-1] == (
        "250 slices not shown; all are in the evidence."
    )


def test_a_first_model_is_said_to_be_one(cases: Any):
    evidence, decision, _ = cases["first"]
    title, lines = comparison(evidence, decision)

    assert title == "Baseline and candidate"
    assert next(iter(lines)).startswith("No champion is released in `staging`: this is the first")


def test_a_metric_without_a_reference_is_not_compared(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["champion"]["metrics"] = {}
    evidence["comparison"] = {}
    _, lines = comparison(evidence, decision)

    assert any("not computed" in line and "not compared" in line for line in lines)


def test_methods_that_differ_are_told_apart(cases: Any):
    evidence, decision, _ = copy.deepcopy(cases["retrained"])
    evidence["comparison"]["roc_auc"]["method"] = "paired-delong"
    lines = list(comparison(evidence, decision)[1])

    assert (
        "Intervals: `paired-delong` on 27,489 rows (`roc_auc`), `paired-bootstrap` on 27,489 rows "
        "(`average_precision`, `log_loss`, `brier`). A positive gain is better, whatever the metric."
    ) in lines


def shown(evidence: Any, decision: Any, name: str) -> list[list[str]]:
    """Types and contents of the pieces in the cell that shows the slice *name*."""
    evidence = {**evidence, "slices": [{**evidence["slices"][0], "name": name}]}
    lines = list(comparison(evidence, decision)[1])
    start = next(i for i, line in enumerate(lines) if line.startswith("| Slice"))
    tokens = FORGE.parse("\n".join(lines[start:]))
    cells = [token for token in tokens if token.type == "inline"]

    assert len(cells) == 10, "one row of five cells below its head"
    return [[child.type, child.content] for child in cells[5].children or []]


@pytest.mark.parametrize(
    "value", ["x=y", "a,b", "back\\slash", "p|q", "`tick`", "=", "a\\=b", "[x](y)"]
)
def test_a_slice_reads_as_in_the_data(cases: Any, value: str):
    evidence, decision, _ = cases["retrained"]
    ((name, _),) = cut({"src": np.array([value], object)}, ["src"])

    assert shown(evidence, decision, name) == [["code_inline", f"src={value}"]]


@given(HOSTILE, HOSTILE)
def test_no_value_can_pass_for_two(cases: Any, first: str, second: str):
    evidence, decision, _ = cases["retrained"]
    columns = {"a": np.array([first], object), "b": np.array([second], object)}
    ((name, _),) = cut(columns, ["a", "b"])
    kept = [visible(f"a={first}".replace("∅", "\\∅")), visible(f"b={second}".replace("∅", "\\∅"))]

    assert shown(evidence, decision, name) == [
        ["code_inline", kept[0]], ["text", ", "], ["code_inline", kept[1]],
    ]  # fmt: skip
