import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import (  # noqa: TID253 - the judge to agree with
    Draft202012Validator,
    FormatChecker,
)

from mlgitops.model.spec import Kind
from mlgitops.spec.acceptance import accepts, compiled
from mlgitops.spec.bundled import folder
from mlgitops.spec.decode import decode
from mlgitops.spec.schemas import schema

FORMATS = FormatChecker(["date"])
JUDGES = {kind: Draft202012Validator(schema(kind), format_checker=FORMATS) for kind in Kind}
EVIDENCE = json.loads(
    (Path(__file__).parents[3] / "policies" / "tests" / "evidence.json").read_text()
)
EVIDENCE_SCHEMA = json.loads((folder("schemas") / "evidence.schema.json").read_text())
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.sampled_from([0.0, 0.5, 1.0, 2.5, -1.0, 1e9]),
    st.sampled_from(["", "a", "a\n", "A b", "30d", "0", "2026-02-30", "2026-02-28", "20260228", "roc_auc", "time", "../a", "m:f", "m.n", "latest", "env:X", "x" * 300, "sha256:" + "0" * 64, "0" * 12]),
    st.sampled_from([[], {}, ["a"], ["a", 1], [None], {"a": 1}, {"from": "a"}, {"csv": "a.csv"}]),
)  # fmt: skip


def places(value, path=()):
    yield path
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # fmt: skip
    for key, item in below:
        yield from places(item, (*path, key))


def mutated(value, path, change, replacement):
    """*value* with one change at *path*."""
    if not path:
        return replacement if change == "replace" else value
    changed = copy.deepcopy(value)
    parent = changed
    for part in path[:-1]:
        parent = parent[part]
    if change == "replace":
        parent[path[-1]] = replacement
    elif change == "remove":
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent[f"{path[-1]}x"] = replacement
    else:
        parent.append(replacement)
    return changed


def test_every_good_file_is_accepted(values):
    assert all(accepts(kind, value) for kind, value in values)


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_it_agrees_with_jsonschema_and_what_it_accepts_can_be_decoded(values, data):
    kind, value = data.draw(st.sampled_from(values))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(list(places(value))))
        change = data.draw(st.sampled_from(["replace", "remove", "add"]))
        value = mutated(value, path, change, data.draw(VALUES))

    accepted = accepts(kind, value)

    assert accepted == JUDGES[kind].is_valid(value)
    if accepted:
        decode(kind, value)


@settings(max_examples=300)
@given(st.data())
def test_it_agrees_with_jsonschema_on_evidence(data):
    path = data.draw(st.sampled_from([place for place in places(EVIDENCE) if place]))
    change = data.draw(st.sampled_from(["replace", "remove", "add"]))
    value = mutated(EVIDENCE, path, change, data.draw(VALUES))

    accepted = compiled(EVIDENCE_SCHEMA)(value)

    # Without the times, which jsonschema takes for mere text.
    is_time = "window" in path or path == ("producer", "time")
    assert accepted == Draft202012Validator(EVIDENCE_SCHEMA).is_valid(value) or is_time


@pytest.mark.parametrize(
    ("value", "is_accepted"),
    [
        ("2013-01-01T10:00:00Z", True),
        ("2013-01-01T10:00:00.5+02:00", True),
        ("2013-01-01T10:00:00", False),
        ("2013-02-30T10:00:00Z", False),
        ("soon", False),
        (3, True),
    ],
)
def test_a_moment_says_its_zone(value, is_accepted):
    assert compiled({"format": "date-time"})(value) is is_accepted


@pytest.mark.parametrize(
    ("value", "is_accepted"),
    [("2024-02-29", True), ("2023-02-29", False), ("soon", False), (20240229, True), (None, True)],
)
def test_a_date_is_a_day_of_the_calendar_and_what_is_no_text_is_not_its_business(
    value, is_accepted
):
    node = {"format": "date"}

    assert compiled(node)(value) is is_accepted
    assert Draft202012Validator(node, format_checker=FORMATS).is_valid(value) is is_accepted


@pytest.mark.parametrize("keyword", ["anyOf", "not", "uniqueItems", "patternProperties", "if"])
def test_a_keyword_that_it_does_not_know_is_an_error(keyword):
    with pytest.raises(KeyError, match=keyword):
        compiled({"type": "object", "properties": {"a": {keyword: {}}}})
