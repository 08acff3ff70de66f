"""Damaged evidence and the built-in pack: no policy passes what it reads in ruins.

What a policy reads is found in its compiled rules, so a new one is tried without a word here.
Documents go straight to the engine, past the schema that refuses most of them, and through it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import pytest

from mlgitops.model.errors import SpecError
from mlgitops.model.verdict import Verdict
from mlgitops.policies.binding import BoundPolicy
from mlgitops.policies.engine import gate_result, questions
from mlgitops.policies.testing import Trial
from mlgitops.spec.evidence import decode
from tests.fakes.rules_reading import Place, places_read

ABSENT = object()
# No JSON number that all readers agree on: canonical JSON has none of them.
UNSOUND_NUMBERS: dict[str, Any] = {
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "not a number": float("nan"),
    "larger than large": 1.7976931348623157e308,
    "beyond exact": 2**63,
}
TEXTS: dict[str, Any] = {
    "number as text": "0.9",
    "word": "passed",
    "unicode": "\u202e∅\u0000é",
}
CONTAINERS: dict[str, Any] = {
    "empty list": [],
    "empty mapping": {},
    "list of a number": [0.9],
    "list of null": [None],
    "mapping": {"value": 1},
}
HOSTILE: dict[str, Any] = {
    "absent": ABSENT,
    "null": None,
    "true": True,
    "empty text": "",
    "negative": -1,
    **TEXTS,
    **CONTAINERS,
    **UNSOUND_NUMBERS,
}
ANY = frozenset(HOSTILE) - frozenset(UNSOUND_NUMBERS)
# Where a policy may pass all the same: policy, place, what is there, and why that is sound.
SOUND: tuple[tuple[str, str, frozenset[str], str], ...] = (
    ("*", "*/low", frozenset({"negative"}), "metrics and gains may be negative"),
    ("*", "noise/*", frozenset({"negative"}), "so may seeds and values"),
    ("*", "cost/seconds/*", frozenset({"absent"}), "another step that was not made"),
    ("cost-budget", "cost/seconds", frozenset({"mapping"}), "one step of one second"),
    ("*", "fairness/*/groups/*/rates/*", frozenset({"absent"}), "a group that is too small"),
    ("*", "fairness/*/groups/*/rates", frozenset({"empty mapping"}), "a group that is too small"),
    ("robust", "robustness/*", frozenset({"absent"}), "a perturbation that nobody asked for"),
    ("*", "artifact/globals", frozenset({"empty list"}), "a model without pickles"),
    ("*-in-slices", "slices/*/by", frozenset(CONTAINERS), "a slice of another cut"),
    ("data-validation-passed", "*/severity", ANY, "counts as critical, and the check passed"),
    ("no-known-vulnerabilities", "ext/audit/dependencies/0/*", ANY, "the model does not need it"),
    ("scan-clean", "ext/scan/runs/0/results", frozenset({"empty list"}), "nothing was found"),
    ("scan-clean", "ext/scan/runs/0/tool/driver/name", frozenset(TEXTS), "free text"),
    ("model-card", "card/*", frozenset(TEXTS), "free text"),
    ("signature-present", "subject/inputs/*/*", frozenset(TEXTS), "free text"),
)
# Passing cases of the policies' tests in which more of the rules counts than in the first.
BASES = {
    "data-validation-passed": "one expectation, which passed",
    "min-metric-in-slices": "all slices are of this cut, and judged",
    "not-worse-in-slices": "all slices are of this cut, and judged",
    "reproducible": "the same files, and they are asked for",
    "training-noise": "more noise than may be, and the gain is larger",
}


@dataclass(frozen=True, slots=True)
class Base:
    """A sound document that *bound* passes, and the places that it reads there."""

    bound: BoundPolicy
    document: Mapping[str, Any]
    places: tuple[Place, ...]

    @property
    def name(self) -> str:
        return self.bound.policy.name


Decide = Callable[[Base, Mapping[str, Any]], Verdict]


@pytest.fixture(scope="module")
def bases(builtin_trials: Mapping[str, tuple[Trial, ...]]) -> tuple[Base, ...]:
    found = []
    for name, trials in builtin_trials.items():
        passing = [one for one in trials if one.case.expected.verdict == "pass"]
        [first] = [one for one in passing if one.case.name == BASES.get(name, one.case.name)][:1]
        # Messages change no verdict, and cost most of the time.
        rules = tuple(replace(rule, message="") for rule in first.bound.policy.rules)
        bound = replace(first.bound, policy=replace(first.bound.policy, rules=rules))
        places = places_read(bound.policy, bound.parameters, first.variables)
        found.append(Base(bound, first.variables, tuple(sorted(places, key=pointer))))
    return tuple(found)


@pytest.fixture
def decide(engine: Any) -> Decide:
    def run(base: Base, document: Mapping[str, Any]) -> Verdict:
        return gate_result(base.bound, engine.evaluate(document, questions((base.bound,)))).verdict

    return run


def pointer(place: Place) -> str:
    return "/".join(map(str, place))


def found_at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


def damaged(document: Any, place: Place, value: Any) -> Any:
    """*document* with *value* at *place*; only what is on the way there is copied."""
    changed = copy.copy(document)
    if len(place) > 1:
        changed[place[0]] = damaged(document[place[0]], place[1:], value)
    elif value is ABSENT:
        del changed[place[0]]
    else:
        changed[place[0]] = value
    return changed


def is_sound(policy: str, place: Place, name: str) -> bool:
    if name == "absent" and isinstance(place[-1], int):
        return True  # a list with an item less is another list
    return any(
        name in names and fnmatchcase(policy, one) and fnmatchcase(pointer(place), places)
        for one, places, names, _ in SOUND
    )


def damages(base: Base) -> Iterator[tuple[Place, str, Any]]:
    """Each hostile value at each place that the policy reads, and is not what is there."""
    for place in base.places:
        now = found_at(base.document, place)
        is_number = isinstance(now, int | float) and not isinstance(now, bool)
        for name, value in HOSTILE.items():
            is_same = type(value) is type(now) and value == now
            if not is_same and (name != "negative" or is_number):
                yield place, name, value


def test_the_undamaged_documents_pass(bases, decide):
    assert [base.name for base in bases if decide(base, base.document) is not Verdict.PASS] == []


def test_what_a_policy_reads_is_found(bases):
    read = {base.name: set(map(pointer, base.places)) for base in bases}

    assert {"metrics/roc_auc/low", "metrics/roc_auc/direction"} < read["min-metric"]
    assert {"champion", "champion/metrics/roc_auc/n"} < read["not-worse-than-champion"]
    assert {"slices/0/judged", "slices/1/metrics/roc_auc/low"} < read["min-metric-in-slices"]
    assert "slices/1/comparison/roc_auc/delta" in read["not-worse-in-slices"]
    assert {"robustness/noise/comparison/roc_auc/low", "robustness/noise/rows"} < read["robust"]
    assert min(map(len, read.values())) >= 2


def test_no_policy_passes_what_it_reads_in_ruins(bases, decide):
    documents, passed = set(), []
    for base in bases:
        for place, name, value in damages(base):
            documents.add((place, name))
            if is_sound(base.name, place, name):
                continue
            if decide(base, damaged(base.document, place, value)) is Verdict.PASS:
                passed.append(f"{base.name} passes with {name} at {pointer(place)}")

    assert passed == []
    assert len(documents) >= 4_000


def test_what_is_listed_as_sound_is_still_needed(bases, decide):
    unneeded = []
    for policy, places, names, reason in SOUND:
        is_needed = any(
            decide(base, damaged(base.document, place, value)) is Verdict.PASS
            for base in bases
            if fnmatchcase(base.name, policy)
            for place, name, value in damages(base)
            if name in names and fnmatchcase(pointer(place), places)
        )
        if not is_needed:
            unneeded.append((policy, places, reason))

    assert unneeded == []


def test_a_document_that_the_schema_lets_through_is_judged_as_strictly(bases, decide):
    refused, passed = 0, []
    for turn, base in enumerate(bases):
        for number, place in enumerate(base.places):
            if place[0] == "context":  # is no part of the document
                continue
            tried = [(name, value) for at, name, value in damages(base) if at == place]
            name, value = tried[(turn + number) % len(tried)]
            document = damaged(base.document, place, value)
            evidence = {key: one for key, one in document.items() if key != "context"}
            try:
                read: Any = decode(json.dumps(evidence).encode())
            except SpecError:
                refused += 1
                continue
            again = {**read, "context": document["context"]}
            if decide(base, again) is Verdict.PASS and not is_sound(base.name, place, name):
                passed.append(f"{base.name} passes with {name} at {pointer(place)}")

    assert passed == []
    assert refused >= 100


@pytest.mark.parametrize("name", UNSOUND_NUMBERS)
def test_no_document_has_an_unsound_number(name, bases):
    document = damaged(bases[0].document, ("cost", "total_seconds"), UNSOUND_NUMBERS[name])
    del document["context"]

    with pytest.raises(SpecError):
        decode(json.dumps(document).encode())


def test_no_policy_passes_an_interval_that_is_turned_round(bases, decide):
    tried, passed = 0, []
    for base in bases:
        for place in base.places:
            value = found_at(base.document, place)
            reads = {(*place, "low"), (*place, "high")} & set(base.places)
            if not reads or value["low"] == value["high"]:
                continue
            turned = {**value, "low": value["high"], "high": value["low"]}
            tried += 1
            if decide(base, damaged(base.document, place, turned)) is Verdict.PASS:
                passed.append(f"{base.name} at {pointer(place)}")

    assert passed == []
    assert tried >= 15


def test_no_policy_passes_without_rows(bases, decide):
    tried, passed = 0, []
    for base in bases:
        counts = [place for place in base.places if place[-1] in {"n", "rows", "calls", "asked"}]
        for place in counts:
            tried += 1
            if decide(base, damaged(base.document, place, 0)) is Verdict.PASS:
                passed.append(f"{base.name} at {pointer(place)}")

    assert passed == []
    assert tried >= 20


def all_ruined(value: Any, leaf: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: all_ruined(item, leaf) for key, item in value.items()}
    if isinstance(value, list):
        return [all_ruined(item, leaf) for item in value]
    return leaf(value)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


LEAVES: dict[str, Callable[[Any], Any]] = {
    "all are null": lambda _: None,
    "all are empty": lambda _: "",
    "all are in a mapping": lambda value: {"value": value},
    "all are in a list": lambda value: [value],
}


@pytest.mark.parametrize("name", LEAVES)
def test_a_document_in_ruins_passes_nothing(name, bases, decide):
    passed = []
    for base in bases:
        context = base.document["context"]
        ruined = {**all_ruined(dict(base.document), LEAVES[name]), "context": context}
        if base.places[0][0] != "context" and decide(base, ruined) is Verdict.PASS:
            passed.append(base.name)

    assert passed == []


@pytest.mark.parametrize("document", [{}, {"evidence": {}}, {"metrics": None}, {"slices": []}])
def test_a_document_with_nothing_in_it_passes_nothing(document, bases, decide):
    known = [base for base in bases if any(place[0] != "context" for place in base.places)]

    assert [base.name for base in known if decide(base, document) is Verdict.PASS] == []


FAR_WORSE = {"delta": -0.5, "low": -0.51, "high": -0.49}


def of(bases: tuple[Base, ...], name: str) -> Base:
    [base] = [one for one in bases if one.name == name]
    return base


def test_a_slice_that_is_there_twice_cannot_hide_its_other_half(bases, decide):
    for name, section in (
        ("not-worse-in-slices", "comparison"),
        ("min-metric-in-slices", "metrics"),
    ):
        base = of(bases, name)
        first, *others = base.document["slices"]
        bad = {**first[section]["roc_auc"], **FAR_WORSE, "value": -0.5}
        twin = {**first, section: {**first[section], "roc_auc": bad}}
        for slices in ([first, twin, *others], [twin, first, *others]):
            assert decide(base, {**base.document, "slices": slices}) is Verdict.FAIL


def test_a_slice_without_rows_is_no_slice(bases, decide):
    for name in ("not-worse-in-slices", "min-metric-in-slices"):
        base = of(bases, name)
        empty = [{**one, "judged": False, "n": 0} for one in base.document["slices"]]

        assert decide(base, {**base.document, "slices": empty}) is Verdict.INCONCLUSIVE


def test_a_champion_in_the_candidates_place_does_not_pass(bases, decide):
    for name in ("not-worse-than-champion", "better-than-champion"):
        base = of(bases, name)
        document = base.document
        won = {**document["comparison"]["roc_auc"], "delta": 0.0153, "low": 0.0111, "high": 0.0195}
        lost = {**won, "delta": -won["delta"], "low": -won["high"], "high": -won["low"]}
        swapped = {
            **document,
            "metrics": document["champion"]["metrics"],
            "champion": {**document["champion"], "metrics": document["metrics"]},
        }
        one, other = ({"comparison": {"roc_auc": given}} for given in (won, lost))

        assert decide(base, {**document, **one}) is Verdict.PASS
        assert decide(base, {**swapped, **other}) is Verdict.FAIL


def test_one_class_leaves_no_metric_to_pass_by(bases, decide):
    """With one class there is no AUC, of anything."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without(one) for key, one in value.items() if key != "roc_auc"}
        return [without(one) for one in value] if isinstance(value, list) else value

    readers = [base for base in bases if any("roc_auc" in place for place in base.places)]
    passed = [base.name for base in readers if decide(base, without(base.document)) is Verdict.PASS]

    assert passed == []
    assert len(readers) >= 8


def test_expectations_that_nobody_asked_for_have_not_passed(bases, decide):
    base = of(bases, "data-validation-passed")
    none = {"asked": 0, "evaluated": 0, "passed": 0, "failed_critical": 0, "results": []}
    data = {**base.document["data"], "validation": none}

    assert decide(base, {**base.document, "data": data}) is Verdict.FAIL
