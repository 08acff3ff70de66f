"""What a person is told; the table of cases is held by test_plan.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from mlgitops.model.digest import digest
from mlgitops.model.spec import Pin, Release
from mlgitops.model.state import Applied, Desired, Observed, Record, Stamp, Target
from mlgitops.model.sync import Sync, classify

STAMP = Stamp("c0ffee" + 34 * "0", datetime(2026, 11, 22, tzinfo=UTC), "ada")
ONE, TWO = (Pin(n, digest(["c", n]), digest(["m", n]), digest(["e", n])) for n in (1, 2))
WANTED = Desired(
    "shop",
    Target("production", "flights"),
    "champion",
    "enforce",
    Release("flights", "production", TWO, ONE),
)


def live(pin, alias="champion", project="shop", *, is_past=True):
    record = Record(project, STAMP.commit, Applied.of(pin, alias, STAMP))
    return Observed(pin.version, record.encode(), is_past=is_past)


def test_two_projects_of_one_model_are_told_by_name():
    sync, reason = classify(WANTED, live(ONE, project="store"))

    assert sync is Sync.CONFLICT
    assert "'store'" in reason
    assert "'shop'" in reason


def test_git_that_lacks_what_was_applied_last_is_told_to_pull():
    sync, reason = classify(WANTED, live(ONE, is_past=False))

    assert sync is Sync.CONFLICT
    assert "c0ffee000000" in reason
    assert "pull" in reason


def test_what_was_not_asked_is_not_taken_for_gits_past():
    assert not Observed(1, None).is_past
    assert classify(WANTED, live(ONE, is_past=False))[0] is not Sync.PENDING


def test_another_alias_is_no_hand_of_a_person():
    seen = replace(live(ONE, alias="best"), alias=None, others={"best": 1})

    sync, reason = classify(WANTED, seen)

    assert sync is Sync.PENDING
    assert "'best'" in reason
    assert "'champion'" in reason


def test_what_nobody_manages_says_what_is_live():
    sync, reason = classify(replace(WANTED, release=None), live(ONE))

    assert sync is Sync.UNMANAGED
    assert "version 1 is live" in reason
