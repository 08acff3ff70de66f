from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.digest import digest
from mlgitops.model.spec import Pin
from mlgitops.model.state import (
    NO_RECORD,
    Applied,
    Intent,
    Observed,
    Record,
    Stamp,
    Target,
)

PIN = Pin(17, digest("candidate"), digest("manifest"), digest("evidence"))
STAMP = Stamp("c0ffee", datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "run 991")
RECORD = Record("shop", STAMP.commit, Applied.of(PIN, "champion", STAMP))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
applieds = st.builds(
    Applied,
    alias=texts,
    version=st.integers(1, 10**6),
    candidate=texts,
    manifest=texts,
    commit=texts,
    at=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))])),
    run=texts,
)
numbers = st.none() | st.integers(1, 10**6)
records = st.builds(
    Record,
    texts,
    texts,
    st.none() | applieds,
    st.lists(st.builds(Intent, texts, numbers, numbers), max_size=3).map(tuple),
)


@given(records)
def test_a_record_comes_back_as_it_was_written(record):
    assert Record.decode(record.encode()) == record


@given(st.text() | st.recursive(st.none() | st.integers() | texts, st.lists).map(json.dumps))
def test_other_text_is_no_record(text):
    with pytest.raises(ValueError, match=r".*"):
        Record.decode(text)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 1},
        {"v": 3},
        {"project": None},
        {"commit": 7},
        {"v": True},
        {"extra": 1},
        {"applied": []},
        {"applied": "17"},
        {"intents": [{"alias": "champion", "before": 16, "after": "17"}]},
        {"intents": [{"alias": "champion", "before": True, "after": 17}]},
        {"intents": [{"alias": None, "before": 16, "after": 17}]},
        {"intents": [{"alias": "champion", "after": 17}]},
        {"intents": [{"alias": "champion", "before": 16, "after": 17, "extra": 1}]},
        {"intents": 17},
        {"intents": None},
    ],
)
def test_a_record_that_was_edited_is_no_record(change):
    edited = json.loads(RECORD.encode()) | change

    with pytest.raises(ValueError, match="record"):
        Record.decode(json.dumps(edited, sort_keys=True, separators=(",", ":")))


@pytest.mark.parametrize(
    "change",
    [
        {"alias": None},
        {"version": "17"},
        {"version": True},
        {"version": 17.0},
        {"candidate": None},
        {"at": "yesterday"},
        {"at": "2026-11-22T12:00:00"},
        {"extra": "x"},
    ],
)
def test_a_record_with_other_fields_is_no_record(change):
    edited = json.loads(RECORD.encode())
    edited["applied"] |= change

    with pytest.raises(ValueError, match=r".*"):
        Record.decode(json.dumps(edited, sort_keys=True, separators=(",", ":")))


def test_deep_nesting_is_no_record():
    with pytest.raises(ValueError, match="shape"):
        Record.decode("[" * 100_000)


def test_a_record_of_the_first_format_is_no_record():
    first = {
        "v": 1,
        "applied": {
            "version": 17,
            "candidate": PIN.candidate,
            "manifest": PIN.manifest,
            "commit": "c0ffee",
            "at": STAMP.at.isoformat(),
            "run": "ada",
        },
        "intent": None,
    }

    assert Observed(17, json.dumps(first, sort_keys=True, separators=(",", ":"))).known is None


def test_what_was_applied_is_told_by_version_and_digests():
    applied = Applied.of(PIN, "champion", STAMP)

    assert applied.is_of(PIN)
    assert not applied.is_of(Pin(18, PIN.candidate, PIN.manifest, PIN.evidence))
    assert not applied.is_of(Pin(17, digest("x"), PIN.manifest, PIN.evidence))
    assert not applied.is_of(Pin(17, PIN.candidate, digest("x"), PIN.evidence))
    assert applied.is_of(Pin(17, PIN.candidate, PIN.manifest, digest("x")))


def explained(record, alias):
    return {v for v in (None, 3, 17, 18) if record.explains(alias, v)}


def test_our_own_doing_is_what_was_applied_and_what_was_begun():
    begun = replace(RECORD, intents=(Intent("champion", 17, 18), Intent("old", 3, None)))

    assert explained(NO_RECORD, "champion") == {None}
    assert explained(RECORD, "champion") == {17}
    assert explained(RECORD, "old") == {None}
    assert explained(begun, "champion") == {17, 18}
    assert explained(begun, "old") == {3, None}
    assert begun.aliases == {"champion", "old"}
    assert (RECORD.aliases, NO_RECORD.aliases) == ({"champion"}, frozenset())


def test_what_is_noted_keeps_what_was_noted_of_other_aliases():
    begun = RECORD.noting("shop", "decade", [Intent("new", None, 17), Intent("champion", 17, None)])

    again = begun.noting("shop", "facade", [Intent("new", 17, 18)])

    assert again.intents == (Intent("new", 17, 18), Intent("champion", 17, None))
    assert (again.commit, again.applied) == ("facade", RECORD.applied)


def test_a_record_by_which_nothing_is_live_is_nobodys():
    retired = Record("other", "c0ffee", None)

    assert Observed(None, retired.encode()).record_of("shop") == NO_RECORD
    assert Observed(None, retired.encode()).record_of("other") == retired
    for alive in (
        replace(RECORD, project="other"),
        replace(retired, intents=(Intent("champion", None, 17),)),
    ):
        assert Observed(None, alive.encode()).record_of("shop") == alive
    assert Observed(None, "{}").record_of("shop") is None


def test_a_record_that_is_not_ours_is_told_from_none():
    assert Observed(None, None).known == NO_RECORD
    assert Observed(None, "{}").known is None
    assert Observed(None, RECORD.encode()).known == RECORD


def test_what_is_observed_is_named_by_what_a_change_would_overwrite():
    seen = Observed(17, RECORD.encode())

    looked_up = replace(seen, versions={}, manifest=digest("x"), is_past=True)
    assert seen.digest == looked_up.digest
    assert seen.digest != Observed(18, RECORD.encode()).digest
    assert seen.digest != Observed(17, None).digest
    assert seen.digest != replace(seen, others={"old": 3}).digest


def test_a_target_is_named_by_environment_and_model():
    target = Target("staging", "flights")

    assert str(target) == "staging/flights"
    assert target.record_tag == "mlgitops.applied.staging"
