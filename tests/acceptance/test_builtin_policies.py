"""Policies of the pack, judged by CEL: what passes, what fails, what never does.

Here stand those that judge every model or bound one metric, by hand. The whole pack is swept by
its own tests (`policies/tests`), by `test_denials` and by `test_hostile_evidence`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlgitops.adapters.cel_engine.engine import CelEngine
from mlgitops.model.policy import Policy
from mlgitops.model.verdict import Context, Decision, GateResult, Verdict
from mlgitops.policies.binding import ALWAYS_ON, FIRST_METRIC, BoundPolicy
from mlgitops.policies.engine import Case, judge, questions
from mlgitops.spec.bundled import folder
from mlgitops.spec.evidence import encode
from mlgitops.spec.load import load, read_builtin, read_folder
from mlgitops.usecases.gate import gate

PASS, FAIL, INCONCLUSIVE, ERROR = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.ERROR,
)
GIVEN: dict[str, dict[str, Any]] = {
    "min-metric": {"metric": "roc_auc", "min": 0.6},
    "max-metric": {"metric": "brier", "max": 0.17},
}
NAMES = [
    "data-validation-passed",
    "first-model-baseline",
    "leakage",
    "max-metric",
    "min-metric",
    "not-sampled",
    "not-worse-than-champion",
]
# What each policy reads; without any one of these there is nothing to go by.
READ: dict[str, list[str]] = {
    "min-metric": [f"metrics/roc_auc/{key}" for key in ("direction", "n", "value", "low", "high")],
    "max-metric": [f"metrics/brier/{key}" for key in ("direction", "n", "value", "low", "high")],
    "not-worse-than-champion": [
        *(f"comparison/roc_auc/{key}" for key in ("n", "delta", "low", "high")),
        "metrics/roc_auc/n",
        "champion/metrics/roc_auc/n",
    ],
    "first-model-baseline": [
        f"baseline/comparison/roc_auc/{key}" for key in ("n", "delta", "low", "high")
    ],
    "data-validation-passed": [
        *(f"data/validation/{key}" for key in ("asked", "evaluated", "failed_critical", "results")),
        "data/validation/results/2/status",
    ],
    "leakage": [
        "data/split/shared_rows",
        *(f"leakage/{key}" for key in ("duplicate_rows", "duplicate_share", "max_feature_auc")),
        "leakage/features",
        "leakage/features/1/auc",
        "leakage/after_the_fact",
    ],
    "not-sampled": ["producer/sample"],
}
ABSENT = object()
CONTEXT = Context(now="2026-11-02T12:00:00Z", stage="test", environment="staging")

Judge = Callable[..., Decision]
Change = tuple[str, Any]


@pytest.fixture
def decide(builtins: Any, engine: Any) -> Judge:
    def bound(name: str, given: Any) -> BoundPolicy:
        policy: Policy = builtins[name]
        parameters = {one.name: one.default for one in policy.parameters}
        parameters = {k: "roc_auc" if v == FIRST_METRIC else v for k, v in parameters.items()}
        return BoundPolicy(policy, {**parameters, **GIVEN.get(name, {}), **given}, "soft")

    def run(evidence: Any, *names: str, **given: Any) -> Decision:
        found = [bound(name, given) for name in names]
        case = Case(evidence, "sha256:e", CONTEXT, (), engine.version)
        return judge(found, engine.evaluate(case.variables, questions(found)), case)

    return run


def changed(evidence: Any, *changes: Change) -> Any:
    document = copy.deepcopy(evidence)
    for place, value in changes:
        *parents, last = [int(part) if part.isdigit() else part for part in place.split("/")]
        parent = document
        for part in parents:
            parent = parent[part]
        if value is ABSENT:
            del parent[last]
        else:
            parent[last] = value
    return document


def reached(evidence: Any, name: str) -> Any:
    """The good document, in which *name* applies."""
    return changed(evidence, ("champion", None)) if name == "first-model-baseline" else evidence


def test_what_this_test_judges_is_in_the_pack(builtins):
    assert set(NAMES) < set(builtins)
    assert sorted(READ) == NAMES
    assert set(ALWAYS_ON) <= set(builtins)


@pytest.mark.parametrize("name", NAMES)
def test_sound_evidence_passes(name, decide, evidence):
    decision = decide(reached(evidence, name), name)

    assert decision.gates[0].verdict is PASS
    assert (decision.verdict is PASS) == (name != "not-sampled")  # alone it judges no model
    assert decision.gates[0].applies


def test_each_of_champion_and_baseline_applies_without_the_other(decide, evidence):
    first = changed(evidence, ("champion", None), ("comparison", {}))
    names = ("not-worse-than-champion", "first-model-baseline")

    assert [gate.applies for gate in decide(evidence, *names).gates] == [True, False]
    assert [gate.applies for gate in decide(first, *names).gates] == [False, True]


def all_at(place: str, value: float, *keys: str) -> list[Change]:
    return [(f"{place}/{key}", value) for key in keys]


VALIDATION, GAIN, DUMMY = "data/validation", "comparison/roc_auc", "baseline/comparison/roc_auc"


@pytest.mark.parametrize(
    ("name", "changes", "verdict", "rules"),
    [
        ("min-metric", [("metrics/roc_auc/high", 0.65), ("metrics/roc_auc/low", 0.6)], PASS, []),
        ("min-metric", all_at("metrics/roc_auc", 0.6, "low", "value", "high"), PASS, []),
        ("max-metric", all_at("metrics/brier", 0.17, "low", "value", "high"), PASS, []),
        ("not-worse-than-champion", all_at(GAIN, 0.0, "low", "delta", "high"), PASS, []),
        ("first-model-baseline", all_at(DUMMY, 0.1, "low", "delta", "high"), PASS, []),
        ("first-model-baseline", [(f"{DUMMY}/n", 0)], INCONCLUSIVE, ["beats-dummy"]),
        (
            "not-worse-than-champion",
            [(f"{place}/n", 0) for place in (GAIN, "metrics/roc_auc", "champion/metrics/roc_auc")],
            FAIL,
            ["same-rows"],
        ),
        (
            "data-validation-passed",
            [(f"{VALIDATION}/results", []), *all_at(VALIDATION, 0, "asked", "evaluated")],
            FAIL,
            ["evaluated"],
        ),
        ("leakage", all_at("leakage", 0, "duplicate_rows", "duplicate_share"), PASS, []),
        (
            "leakage",
            [("leakage/max_feature_auc", 0.95), ("leakage/features/0/auc", 0.95)],
            PASS,
            [],
        ),
        ("min-metric", [("metrics/roc_auc/low", 0.5999)], INCONCLUSIVE, ["floor"]),
        (
            "min-metric",
            [
                (f"metrics/roc_auc/{k}", v)
                for k, v in (("low", 0.5), ("value", 0.55), ("high", 0.59))
            ],
            FAIL,
            ["floor"],
        ),
        (
            "min-metric",
            [(f"metrics/roc_auc/{k}", v) for k, v in (("low", 0.5), ("value", 0.6), ("high", 0.6))],
            INCONCLUSIVE,
            ["floor"],
        ),
        ("min-metric", [("metrics/roc_auc/direction", "minimize")], FAIL, ["direction"]),
        ("min-metric", [("metrics/roc_auc/n", 0)], FAIL, ["measured"]),
        ("min-metric", [("metrics/roc_auc/low", 0.7)], FAIL, ["measured"]),
        ("max-metric", [("metrics/brier/high", 0.17)], PASS, []),
        ("max-metric", [("metrics/brier/high", 0.1701)], INCONCLUSIVE, ["ceiling"]),
        (
            "max-metric",
            [(f"metrics/brier/{k}", v) for k, v in (("low", 0.18), ("value", 0.19), ("high", 0.2))],
            FAIL,
            ["ceiling"],
        ),
        (
            "max-metric",
            [(f"metrics/brier/{k}", v) for k, v in (("low", 0.17), ("value", 0.17), ("high", 0.2))],
            INCONCLUSIVE,
            ["ceiling"],
        ),
        ("max-metric", [("metrics/brier/direction", "maximize")], FAIL, ["direction"]),
        ("max-metric", [("metrics/brier/n", 0)], FAIL, ["measured"]),
        ("not-worse-than-champion", [(f"{GAIN}/low", -0.01)], PASS, []),
        ("not-worse-than-champion", [(f"{GAIN}/low", -0.0101)], INCONCLUSIVE, ["non-inferior"]),
        (
            "not-worse-than-champion",
            [(f"{GAIN}/{k}", v) for k, v in (("low", -0.03), ("delta", -0.02), ("high", -0.011))],
            FAIL,
            ["non-inferior"],
        ),
        (
            "not-worse-than-champion",
            [(f"{GAIN}/{k}", v) for k, v in (("low", -0.03), ("delta", -0.02), ("high", -0.01))],
            INCONCLUSIVE,
            ["non-inferior"],
        ),
        ("not-worse-than-champion", [(f"{GAIN}/n", 26411)], FAIL, ["same-rows"]),
        ("first-model-baseline", [(f"{DUMMY}/low", 0.0)], INCONCLUSIVE, ["beats-dummy"]),
        (
            "first-model-baseline",
            [(f"{DUMMY}/{k}", v) for k, v in (("low", -0.02), ("delta", -0.01), ("high", 0.0))],
            FAIL,
            ["beats-dummy"],
        ),
        ("data-validation-passed", [(f"{VALIDATION}/asked", 5)], FAIL, ["evaluated"]),
        ("data-validation-passed", [(f"{VALIDATION}/evaluated", 3)], FAIL, ["evaluated"]),
        ("data-validation-passed", [(f"{VALIDATION}/results", [])], FAIL, ["evaluated"]),
        (
            "data-validation-passed",
            [(f"{VALIDATION}/results/0/status", "error")],
            FAIL,
            ["no-errors", "no-critical-failure"],
        ),
        (
            "data-validation-passed",
            [(f"{VALIDATION}/results/3/status", "error")],
            FAIL,
            ["no-errors"],
        ),
        (
            "data-validation-passed",
            [(f"{VALIDATION}/results/0/status", "failed")],
            FAIL,
            ["no-critical-failure"],
        ),
        (
            "data-validation-passed",
            [(f"{VALIDATION}/failed_critical", 1)],
            FAIL,
            ["no-critical-failure"],
        ),
        ("data-validation-passed", [(f"{VALIDATION}/results/3/status", "failed")], PASS, []),
        ("leakage", [("data/split/shared_rows", 1)], FAIL, ["split-disjoint"]),
        ("leakage", [("leakage/duplicate_share", 0.01)], PASS, []),
        ("leakage", [("leakage/duplicate_share", 0.0101)], FAIL, ["no-duplicates"]),
        ("leakage", [("leakage/max_feature_auc", 0.951)], FAIL, ["no-revealing-column"]),
        ("leakage", [("leakage/features", [])], FAIL, ["no-revealing-column"]),
        ("leakage", [("leakage/features/1/auc", 0.951)], FAIL, ["no-revealing-column"]),
        ("leakage", [("leakage/after_the_fact", ["dep_delay"])], FAIL, ["nothing-after-the-fact"]),
        ("not-sampled", [("producer/sample", 5000)], FAIL, ["all-rows"]),
    ],
)
def test_where_the_line_is_drawn(name, changes, verdict, rules, decide, evidence):
    [gate] = decide(changed(reached(evidence, name), *changes), name).gates

    assert gate.verdict is verdict
    assert [rule.rule for rule in gate.rules if rule.verdict is not PASS] == rules


def test_every_rule_has_a_failing_example(builtins):
    [table] = [
        mark.args[1]
        for mark in test_where_the_line_is_drawn.pytestmark
        if mark.name == "parametrize"
    ]
    shown = {(name, rule) for name, _, verdict, rules in table if verdict is FAIL for rule in rules}

    assert shown == {(name, rule.id) for name in NAMES for rule in builtins[name].rules}


@pytest.mark.parametrize(("name", "place"), [(name, p) for name in NAMES for p in READ[name]])
def test_a_missing_input_is_an_error(name, place, decide, evidence):
    [gate] = decide(changed(reached(evidence, name), (place, ABSENT)), name).gates

    assert gate.verdict is ERROR
    assert any("not judged: " in rule.message for rule in gate.rules)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_section_is_an_error(name, decide, evidence):
    for section in {place.split("/")[0] for place in READ[name]}:
        [gate] = decide(changed(reached(evidence, name), (section, ABSENT)), name).gates

        assert gate.verdict is ERROR


def test_who_has_no_champion_section_escapes_neither_policy(decide, evidence):
    names = ("not-worse-than-champion", "first-model-baseline")
    decision = decide(changed(evidence, ("champion", ABSENT)), *names)

    assert [gate.verdict for gate in decision.gates] == [ERROR, ERROR]
    assert decision.verdict is ERROR


@pytest.mark.parametrize("name", ["not-worse-than-champion", "first-model-baseline"])
def test_another_metric_than_those_measured_is_an_error(name, decide, evidence):
    assert decide(reached(evidence, name), name, metric="f1").verdict is ERROR


HOSTILE_VALUES = {
    "null": None,
    "text": "0.9",
    "words": "passed",
    "empty text": "",
    "true": True,
    "empty list": [],
    "empty mapping": {},
    "list of a number": [0.9],
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "not a number": float("nan"),
    "larger than large": 1.7976931348623157e308,
    "beyond exact": 2**63,
}
# The only hostile value that is a sound one, in these places.
SOUND = {
    ("leakage/after_the_fact", "empty list"),
    ("data/validation/results/2/status", "words"),
}


@pytest.mark.parametrize("hostile", HOSTILE_VALUES)
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_value_never_passes(name, hostile, decide, evidence):
    for place in READ[name]:
        if (place, hostile) in SOUND:
            continue
        document = changed(reached(evidence, name), (place, HOSTILE_VALUES[hostile]))

        assert decide(document, name).verdict is not PASS, place


def ruined(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """*value* with every scalar replaced, but for the names a decision needs."""
    if isinstance(value, dict):
        return {key: ruined(item, leaf) for key, item in value.items()}
    if isinstance(value, list):
        return [ruined(item, leaf) for item in value]
    return leaf(value)


def without(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: without(item, key) for name, item in value.items() if name != key}
    return [without(item, key) for item in value] if isinstance(value, list) else value


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def hostile_documents(evidence: Any) -> Iterator[Any]:
    leaves: list[Callable[[Any], Any]] = [
        lambda _: None,
        lambda value: str(value) if number(value) else value,
        lambda value: None if number(value) else value,
        lambda value: True if number(value) else value,
        lambda value: float("nan") if number(value) else value,
        lambda value: 1e308 if number(value) else value,
        lambda value: [value] if number(value) else value,
        lambda value: {"value": value},
        lambda _: "",
    ]
    yield from (ruined(evidence, leaf) for leaf in leaves)
    yield {}
    sections = [key for key in evidence if key not in {"environment", "subject"}]
    yield {key: {} for key in sections}
    yield {key: [] for key in sections}
    yield dict.fromkeys(sections)
    yield {key.upper(): value for key, value in evidence.items()}
    yield {"evidence": evidence}
    yield {"params": evidence, "metrics": None}


@pytest.mark.parametrize("first", [True, False])
def test_a_hostile_document_passes_nothing(first, decide, evidence):
    good = changed(evidence, ("champion", None)) if first else evidence
    told = {"environment": "staging", "subject": evidence["subject"]}
    for document in hostile_documents(good):
        decision = decide({**document, **told}, *NAMES)

        assert decision.verdict is not PASS
        assert [gate.policy for gate in decision.gates if gate.verdict is PASS] == []


KEYS = ["low", "high", "n", "delta", "direction", "value", "results", "status", "shared_rows"]
READERS = {
    "direction": {"min-metric", "max-metric"},
    "value": {"min-metric", "max-metric", "not-worse-than-champion"},
    "results": {"data-validation-passed"},
    "status": {"data-validation-passed"},
    "shared_rows": {"leakage"},
    "delta": {"not-worse-than-champion"},
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_nowhere_is_an_error_for_all_who_read_it(key, decide, evidence):
    readers = READERS.get(key, {"min-metric", "max-metric", "not-worse-than-champion"})
    decision = decide(without(evidence, key), *NAMES)

    found = {gate.policy for gate in decision.gates if gate.verdict is ERROR}
    assert found == readers


def shown(gate: GateResult, rule: str) -> str:
    [message] = [one.message for one in gate.rules if one.rule == rule]
    return message


@pytest.mark.parametrize(
    ("name", "changes", "rule", "message"),
    [
        (
            "min-metric",
            [],
            "floor",
            "roc_auc is 0.6431, between 0.6352 and 0.6509; at least 0.6000 is asked",
        ),
        (
            "max-metric",
            [],
            "ceiling",
            "brier is 0.1653, between 0.1624 and 0.1683; at most 0.1700 is asked",
        ),
        (
            "not-worse-than-champion",
            [],
            "non-inferior",
            (
                "roc_auc is 0.6431 and the champion's 0.6378; the gain of 0.0053 lies between 0.0011 "
                "and 0.0095, and -0.0100 or more is asked"
            ),
        ),
        (
            "first-model-baseline",
            [("champion", None)],
            "beats-dummy",
            (
                "roc_auc is 0.6431 and the dummy's 0.5000; the gain of 0.1431 lies between 0.1352 and "
                "0.1509, and more than 0 is asked"
            ),
        ),
        (
            "data-validation-passed",
            [(f"{VALIDATION}/results/2/status", "failed"), (f"{VALIDATION}/failed_critical", 1)],
            "no-critical-failure",
            (
                "4 of 4 expectations passed; critical ones that failed: "
                "expect_column_values_to_be_between of distance"
            ),
        ),
        (
            "leakage",
            [
                ("leakage/features", [{"column": c, "auc": 0.97} for c in ("arr_delay", "late2")]),
                ("leakage/max_feature_auc", 0.97),
            ],
            "no-revealing-column",
            (
                "the strongest of 2 columns alone ranks the label with an AUC of 0.9700; at most 0.9500 is "
                "allowed; columns above it: arr_delay, late2"
            ),
        ),
        (
            "leakage",
            [("subject/task", "regression")],
            "no-revealing-column",
            (
                "the strongest of 3 columns alone tells the label with a strength (0.5 to 1) of "
                "0.6127; at most 0.9500 is allowed; columns above it: none"
            ),
        ),
        (
            "leakage",
            [("subject/task", "multiclass-classification")],
            "no-revealing-column",
            (
                "the strongest of 3 columns alone ranks the label with a one-against-rest AUC of "
                "0.6127; at most 0.9500 is allowed; columns above it: none"
            ),
        ),
        (
            "leakage",
            [("leakage/after_the_fact", ["dep_delay", "arr_delay"])],
            "nothing-after-the-fact",
            "columns used that are known only after the fact: dep_delay, arr_delay",
        ),
        (
            "not-sampled",
            [("producer/sample", 5000)],
            "all-rows",
            "the candidate was made from a sample of 5000 rows",
        ),
    ],
)
def test_a_message_names_value_and_threshold(name, changes, rule, message, decide, evidence):
    [gate] = decide(changed(evidence, *changes), name).gates

    assert shown(gate, rule) == message


@pytest.mark.parametrize("name", NAMES)
def test_every_message_can_be_filled_and_every_rule_says_what_to_do(name, decide, evidence):
    [gate] = decide(reached(evidence, name), name).gates

    for rule in gate.rules:
        assert not re.search(r"\?|[{}]", rule.message)
        assert len(rule.message) < 400
        assert rule.remediation.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_file_names_its_schema_and_its_reason(name, builtins):
    text = (folder("policies") / f"{name}.yaml").read_text(encoding="utf-8")

    assert text.startswith("# yaml-language-server: $schema=../schemas/policy.schema.json\n")
    assert builtins[name].description.endswith(".")


def test_the_example_is_judged_by_the_pack(evidence):
    specs = load(read_folder(folder("examples") / "flights"), read_builtin())

    decision = gate(specs, evidence, engine=CelEngine(), context=CONTEXT)
    assert decision.verdict is PASS
    assert {one.policy for one in decision.gates} >= set(ALWAYS_ON) | {"min-metric"}


def test_the_child_answers_as_the_program_does(builtins, engine, evidence):
    bound = [
        BoundPolicy(builtins[name], GIVEN.get(name, {"metric": "brier"}), "soft") for name in NAMES
    ]
    asked = questions(bound)

    assert CelEngine().evaluate(evidence, asked) == engine.evaluate(evidence, asked)


def test_the_shared_document_keeps_to_the_schema(evidence):
    assert json.loads(encode(evidence)) == evidence


def test_the_docs_have_a_row_and_a_paragraph_for_each_policy(builtins):
    docs = Path(__file__).parents[2] / "docs"
    text = (docs / "policies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`([\w-]+)`\]\(#\1\) \| (\w*) ?\|", text, re.MULTILINE)
    paragraphs = re.findall(r"^### ([a-z-]+)$", text, re.MULTILINE)

    assert rows == [(name, ALWAYS_ON.get(name, "")) for name in sorted(builtins)]
    assert paragraphs == sorted(builtins)
