"""The table of docs/reconcile.md, and what holds for every world."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlgitops.model.digest import digest
from mlgitops.model.plan import Change, Plan, Sync, Verb, diff
from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import Pin, Release
from mlgitops.model.state import NO_FILES, Applied, Desired, Intent, Observed, Record, Stamp, Target

TARGET = Target("staging", "flights")
STAMP = Stamp("c0ffee", datetime(2026, 11, 22, tzinfo=UTC), "ada")
PINS = {n: Pin(n, digest(["c", n]), digest(["m", n]), digest(["e", n])) for n in (1, 2, 3, 4)}
ALL = {n: ModelVersion("flights", n, p.candidate, p.manifest, f"r{n}", {}) for n, p in PINS.items()}


def desired(version, drift="detect"):
    pin = PINS[version] if version else None
    return Desired(TARGET, "champion", drift, Release("flights", "staging", pin, None))


UNMANAGED = Desired(TARGET, "champion", "enforce", None)


def record(version, intent=None):
    applied = Applied.of(PINS[version], STAMP) if version else None
    return Record(applied, intent).encode()


def seen(alias, applied=None, *, versions=ALL, manifest=None):
    text = applied if isinstance(applied, str) else record(applied) if applied else None
    return Observed(alias, text, versions, manifest)


OTHER_CONTENT = Record(Applied.of(replace(PINS[1], manifest=digest("x")), STAMP)).encode()


def verbs(plan):
    return [change.verb.value for change in plan.changes]


@pytest.mark.parametrize(
    ("wanted", "observed", "sync", "changes"),
    [
        # wanted, live, applied
        (1, seen(1, 1), "synced", []),
        (1, seen(1), "record-missing", ["write-record"]),
        (1, seen(1, record(None, Intent(None, 1))), "record-missing", ["write-record"]),
        (2, seen(2, 1), "record-missing", ["write-record"]),
        (2, seen(2, record(1, Intent(1, 2))), "record-missing", ["write-record"]),
        (1, seen(1, record(1, Intent(1, 2))), "record-missing", ["write-record"]),
        (1, seen(1, "garbage"), "record-tampered", []),
        (1, seen(1, OTHER_CONTENT), "record-tampered", []),
        (1, seen(None), "pending", ["set-alias", "write-record"]),
        (1, seen(None, record(None, Intent(None, 1))), "pending", ["set-alias", "write-record"]),
        (2, seen(1, 1), "pending", ["move-alias", "write-record"]),
        (2, seen(1, record(1, Intent(1, 2))), "pending", ["move-alias", "write-record"]),
        # killed after moving to 2, then git was reverted to 1
        (1, seen(2, record(1, Intent(1, 2))), "pending", ["move-alias", "write-record"]),
        # killed after moving to 2, then git moved on to 3
        (3, seen(2, record(1, Intent(1, 2))), "pending", ["move-alias", "write-record"]),
        (1, seen(2, 1), "alias-moved", []),
        (1, seen(3, record(1, Intent(1, 2))), "alias-moved", []),
        (1, seen(None, 1), "alias-missing", []),
        (1, seen(2), "conflict", []),
        (3, seen(2, 1), "conflict", []),
        (2, seen(None, 1), "conflict", []),
        (2, seen(3, "garbage"), "record-tampered", []),
        (2, seen(None, 4, versions={2: ALL[2]}), "pending", ["set-alias", "write-record"]),
        (1, seen(None, 1, versions={2: ALL[2]}), "version-missing", []),
        (1, seen(2, 2, versions={2: ALL[2]}), "version-missing", []),
        (1, seen(1, 1, manifest=digest("other")), "artifact-changed", []),
        (1, seen(None, manifest=digest("other")), "artifact-changed", []),
        (1, seen(None, manifest=NO_FILES), "artifact-changed", []),
        (1, seen(None, versions={1: replace(ALL[1], manifest="x")}), "artifact-changed", []),
        (1, seen(None, versions={1: replace(ALL[1], candidate="x")}), "artifact-changed", []),
        # retired
        (None, seen(None), "synced", []),
        (None, seen(1, 1), "pending", ["drop-alias", "drop-record"]),
        (None, seen(2, record(1, Intent(1, 2))), "pending", ["drop-alias", "drop-record"]),
        (None, seen(None, 1), "pending", ["drop-record"]),
        (None, seen(None, record(1, Intent(1, None))), "pending", ["drop-record"]),
        (None, seen(2, 1), "conflict", []),
        (None, seen(2), "alias-moved", []),
        (None, seen(2, "garbage"), "record-tampered", []),
        (None, seen(None, "garbage"), "record-tampered", []),
    ],
)
def test_each_case_of_the_table(wanted, observed, sync, changes):
    plan = diff(desired(wanted), observed)

    # A broken record of a live version is repaired: nothing that serves changes.
    if sync == "record-tampered" and wanted is not None and observed.alias == wanted:
        changes = ["write-record"]
    assert (plan.sync.value, verbs(plan)) == (sync, changes)
    assert plan.reason


@pytest.mark.parametrize("how", ["enforce", "heal"])
@pytest.mark.parametrize(
    ("wanted", "observed", "changes"),
    [
        (1, seen(2, 1), ["move-alias", "write-record"]),
        (1, seen(None, 1), ["set-alias", "write-record"]),
        (1, seen(2, "garbage"), ["move-alias", "write-record"]),
        (1, seen(2), []),
        (3, seen(2, 1), []),
        (None, seen(2), []),
        (None, seen(2, 1), []),
        (None, seen(2, "garbage"), []),
        (1, seen(1, 1, manifest=NO_FILES), []),
        (1, seen(2, 1, versions={2: ALL[2]}), []),
    ],
)
def test_healing_changes_drift_back_and_nothing_else(how, wanted, observed, changes):
    drift = "enforce" if how == "enforce" else "detect"

    plan = diff(desired(wanted, drift), observed, heal=how == "heal")

    assert verbs(plan) == changes


@pytest.mark.parametrize("observed", [seen(None), seen(1), seen(1, 1), seen(None, "garbage")])
def test_without_a_release_file_nothing_is_written(observed):
    plan = diff(UNMANAGED, observed, heal=True)

    assert (plan.sync, plan.changes) == (Sync.UNMANAGED, ())


def test_an_unreadable_registry_is_unknown_and_nothing_is_written():
    plan = diff(desired(1, "enforce"), None, heal=True)

    assert (plan.sync, plan.changes) == (Sync.UNKNOWN, ())


def test_drift_is_what_somebody_else_did():
    assert {sync.value for sync in Sync if not sync.is_drift} == {
        "synced",
        "pending",
        "unmanaged",
        "unknown",
    }


def test_a_change_names_what_it_writes():
    plan = diff(desired(2), seen(1, 1))

    assert plan.changes == (
        Change(Verb.MOVE_ALIAS, "champion", 1, 2),
        Change(Verb.WRITE_RECORD, "mlgitops.applied.staging", 1, 2),
    )


def test_plans_that_end_alike_have_one_digest():
    first, moved = diff(desired(2), seen(None)), diff(desired(2), seen(1, 1))
    other = diff(desired(3), seen(1, 1))

    assert Plan("a", (first,)).digest == Plan("b", (moved,)).digest
    assert Plan("a", (first,)).digest != Plan("a", (other,)).digest


numbers = st.none() | st.sampled_from([1, 2, 3, 4])
texts = st.builds(record, numbers, st.none() | st.builds(Intent, numbers, numbers))


@st.composite
def worlds(draw):
    """A registry of some versions, where an alias points to one that is there."""
    there = draw(st.sets(st.sampled_from([1, 2, 3, 4])))
    alias = draw(st.none() | st.sampled_from(sorted(there))) if there else None
    text = draw(st.none() | st.just("garbage") | texts)
    return Observed(alias, text, {number: ALL[number] for number in there})


targets = st.just(UNMANAGED) | st.builds(desired, numbers, st.sampled_from(["detect", "enforce"]))


def carry_out(plan, observed):
    """What reconcile leaves behind."""
    for change in plan.changes:
        if change.verb is Verb.WRITE_RECORD:
            observed = replace(observed, record=record(change.after))
        elif change.verb is Verb.DROP_RECORD:
            observed = replace(observed, record=None)
        else:
            assert change.name == "champion"
            observed = replace(observed, alias=change.after)
    return observed


@given(targets, worlds(), st.booleans())
def test_after_the_changes_nothing_is_left_to_change(one, observed, heal):
    first = diff(one, observed, heal=heal)

    second = diff(one, carry_out(first, observed), heal=heal)

    assert second.changes == ()
    if first.changes:
        assert second.sync is Sync.SYNCED


@given(targets, worlds(), st.booleans(), st.data())
def test_a_plan_that_was_cut_short_is_finished_by_the_next(one, observed, heal, data):
    full = diff(one, observed, heal=heal)
    if not full.changes:
        return
    cut = data.draw(st.integers(0, len(full.changes) - 1))
    partly = replace(full, changes=full.changes[:cut])
    world = carry_out(partly, observed)
    # What reconcile notes before it touches an alias.
    begun = full.changes[0]
    if begun.verb in (Verb.SET_ALIAS, Verb.MOVE_ALIAS, Verb.DROP_ALIAS):
        noted = Record(full.applied, Intent(begun.before, begun.after))
        world = replace(world, record=noted.encode())

    again = diff(one, world)

    assert carry_out(again, world).alias == carry_out(full, observed).alias
    assert diff(one, carry_out(again, world)).sync is Sync.SYNCED


@given(targets, worlds(), st.booleans())
def test_an_alias_goes_only_to_what_git_pins_and_only_ours_is_dropped(one, observed, heal):
    plan = diff(one, observed, heal=heal)

    for change in plan.changes:
        assert one.release is not None
        if change.verb in (Verb.SET_ALIAS, Verb.MOVE_ALIAS):
            assert one.pin is not None
            assert change.after == one.pin.version
            assert change.after in observed.versions
        if change.verb is Verb.DROP_ALIAS:
            assert one.pin is None
            assert observed.alias in observed.known.explained


@given(targets, worlds(), st.booleans())
def test_aliases_are_written_before_records(one, observed, heal):
    verbs = [change.verb for change in diff(one, observed, heal=heal).changes]

    assert verbs == sorted(verbs, key=lambda verb: verb in (Verb.WRITE_RECORD, Verb.DROP_RECORD))


@given(st.integers(1, 4), worlds())
def test_detect_never_overwrites_a_hand(version, observed):
    assume(observed.alias not in (None, version))

    plan = diff(desired(version), observed)

    assert plan.changes == () or observed.alias in observed.known.explained
