from __future__ import annotations

from mlgitops.model.verdict import GateResult, RuleResult, Verdict
from mlgitops.reports.stops import gate_names, parameters_text, remedies, sentences, stops
from tests.fakes.decisions import gate, of_gates


def test_only_what_blocks_stops_and_the_most_urgent_comes_first():
    found = stops(
        of_gates(
            Verdict.ERROR,
            gate(Verdict.INCONCLUSIVE, policy="i"),
            gate(Verdict.FAIL, policy="waived", waived_by="w"),
            gate(Verdict.FAIL, policy="f"),
            gate(Verdict.ERROR, policy="e"),
            gate(Verdict.PASS, policy="p"),
            gate(Verdict.ERROR, policy="audit", level="audit"),
        )
    )

    assert [stop.name for stop in found] == ["e", "f", "i"]
    assert [rule.rule for rule in found[0].missed] == ["b"]


def test_gates_of_one_policy_are_named_by_what_differs():
    known = {"metric": "roc_auc", "margin": 0.05}
    found = of_gates(
        Verdict.PASS,
        gate(Verdict.PASS, policy="robust", parameters={**known, "perturbation": "gaps"}),
        gate(Verdict.PASS, policy="robust", parameters={**known, "perturbation": ""}),
        gate(Verdict.PASS, policy="min-metric", parameters=known),
    )

    assert gate_names(found) == (
        "robust (perturbation gaps)",
        'robust (perturbation "")',
        "min-metric",
    )


def test_a_remedy_is_told_once_behind_all_gates_that_ask_for_it():
    def asking(policy: str, *steps: str) -> GateResult:
        rules = tuple(RuleResult(step, Verdict.FAIL, "", step) for step in steps)
        return gate(Verdict.FAIL, policy=policy, rules=rules)

    found = of_gates(
        Verdict.FAIL,
        asking("a", "Gather more rows.", "Retrain", ""),
        asking("b", "Gather more rows.", "Drop it"),
        asking("c", "Drop it"),
        asking("a2", "Gather more rows."),
    )

    assert remedies(stops(found)) == (
        "a, b, a2: Gather more rows.",
        "a: Retrain",
        "b, c: Drop it",
    )


def test_remedies_of_one_gate_stand_together():
    rules = tuple(RuleResult(step, Verdict.FAIL, "", step) for step in ("Do this.", "Do that."))
    found = of_gates(Verdict.FAIL, gate(Verdict.FAIL, rules=rules))

    assert remedies(stops(found)) == ("policy: Do this. Do that.",)


def test_sentences_end():
    assert sentences(["a is b", "c is d.", "really?"]) == "a is b. c is d. really?"


def test_lists_among_the_parameters_are_cut():
    parameters = {"metrics": ["f1", "recall"], "margin": 0.01, "columns": list("abcde")}

    assert parameters_text(parameters) == (
        "columns [a, b, c, and 2 more], margin 0.01, metrics [f1, recall]"
    )


def test_an_empty_text_and_a_truth_are_written_as_in_the_spec():
    assert parameters_text({"by": "", "same_files": False}) == 'by "", same_files false'
