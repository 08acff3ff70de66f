from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.digest import digest
from mlgitops.model.spec import Pin
from mlgitops.model.state import Applied, Intent, Observed, Record, Stamp, Target

PIN = Pin(17, digest("candidate"), digest("manifest"), digest("evidence"))
STAMP = Stamp("c0ffee", datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "run 991")
RECORD = Record(Applied.of(PIN, STAMP))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
applieds = st.builds(
    Applied,
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
    st.none() | applieds,
    st.none() | st.builds(Intent, numbers, numbers),
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
        {"v": 2},
        {"v": True},
        {"extra": 1},
        {"applied": []},
        {"applied": "17"},
        {"intent": {"before": 16, "after": "17"}},
        {"intent": {"before": True, "after": 17}},
        {"intent": {"after": 17}},
        {"intent": 17},
    ],
)
def test_a_record_that_was_edited_is_no_record(change):
    edited = json.loads(RECORD.encode()) | change

    with pytest.raises(ValueError, match="record"):
        Record.decode(json.dumps(edited, sort_keys=True, separators=(",", ":")))


@pytest.mark.parametrize(
    "change",
    [
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


def test_what_was_applied_is_told_by_version_and_digests():
    applied = Applied.of(PIN, STAMP)

    assert applied.is_of(PIN)
    assert not applied.is_of(Pin(18, PIN.candidate, PIN.manifest, PIN.evidence))
    assert not applied.is_of(Pin(17, digest("x"), PIN.manifest, PIN.evidence))
    assert not applied.is_of(Pin(17, PIN.candidate, digest("x"), PIN.evidence))
    assert applied.is_of(Pin(17, PIN.candidate, PIN.manifest, digest("x")))


def test_applied_is_read_from_a_record():
    assert Applied.decode(RECORD.encode()) == RECORD.applied
    with pytest.raises(ValueError, match="nothing"):
        Applied.decode(Record(None, Intent(None, 3)).encode())


def test_our_own_doing_is_what_was_applied_and_what_was_begun():
    assert Record(None).explained == {None}
    assert RECORD.explained == {17}
    assert Record(RECORD.applied, Intent(17, 18)).explained == {17, 18}
    assert Record(RECORD.applied, Intent(3, None)).explained == {17, 3, None}


def test_a_record_that_is_not_ours_is_told_from_none():
    assert Observed(None, None).known == Record(None)
    assert Observed(None, "{}").known is None
    assert Observed(None, RECORD.encode()).known == RECORD


def test_what_is_observed_is_named_by_alias_and_record():
    seen = Observed(17, RECORD.encode())

    assert seen.digest == Observed(17, RECORD.encode(), {}, digest("x")).digest
    assert seen.digest != Observed(18, RECORD.encode()).digest
    assert seen.digest != Observed(17, None).digest


def test_a_target_is_named_by_environment_and_model():
    target = Target("staging", "flights")

    assert str(target) == "staging/flights"
    assert target.record_tag == "mlgitops.applied.staging"
