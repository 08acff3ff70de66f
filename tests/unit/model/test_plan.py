"""The table of docs/reconcile.md, and what holds for every world."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.digest import digest
from mlgitops.model.plan import Change, Plan, Verb, diff
from mlgitops.model.registry import ModelVersion
from mlgitops.model.spec import Pin, Release
from mlgitops.model.state import (
    NO_FILES,
    NO_RECORD,
    Applied,
    Desired,
    Intent,
    Observed,
    Record,
    Stamp,
    Target,
)
from mlgitops.model.sync import Sync

TARGET = Target("staging", "flights")
STAMP = Stamp("c0ffee", datetime(2026, 11, 22, tzinfo=UTC), "ada")
PINS = {n: Pin(n, digest(["c", n]), digest(["m", n]), digest(["e", n])) for n in (1, 2, 3, 4)}
ALL = {n: ModelVersion("flights", n, p.candidate, p.manifest, f"r{n}", {}) for n, p in PINS.items()}


def desired(version, drift="detect"):
    pin = PINS[version] if version else None
    release = Release("flights", "staging", pin, None)
    return Desired("shop", TARGET, "champion", drift, release)


UNMANAGED = Desired("shop", TARGET, "champion", "enforce", None)


def move(before, after, alias="champion"):
    return Intent(alias, before, after)


def record(version, *intents, alias="champion", project="shop"):
    applied = Applied.of(PINS[version], alias, STAMP) if version else None
    return Record(project, STAMP.commit, applied, intents).encode()


def seen(alias, applied=None, **more):
    """The registry, where git contains the commit that was applied last."""
    text = applied if isinstance(applied, str) else record(applied) if applied else None
    return Observed(alias, text, **({"is_past": True, "versions": ALL} | more))


OTHER_CONTENT = Record(
    "shop", STAMP.commit, Applied.of(replace(PINS[1], manifest=digest("x")), "champion", STAMP)
).encode()
RETIRED = record(None)
OLD = record(1, alias="old")
RENAMING = record(1, move(None, 1), move(1, None, "old"), alias="old")
THEIRS = record(1, project="other")


def verbs(plan):
    return [change.verb.value for change in plan.changes]


@pytest.mark.parametrize(
    ("wanted", "observed", "sync", "changes"),
    [
        # wanted, live, applied
        (1, seen(1, 1), "synced", []),
        (1, seen(1), "record-missing", ["write-record"]),
        (1, seen(1, record(None, move(None, 1))), "record-missing", ["write-record"]),
        (2, seen(2, 1), "record-missing", ["write-record"]),
        (2, seen(2, record(1, move(1, 2))), "record-missing", ["write-record"]),
        (1, seen(1, record(1, move(1, 2))), "record-missing", ["write-record"]),
        (1, seen(1, "garbage"), "record-tampered", []),
        (1, seen(1, OTHER_CONTENT), "record-tampered", []),
        (1, seen(None), "pending", ["set-alias", "write-record"]),
        (1, seen(None, record(None, move(None, 1))), "pending", ["set-alias", "write-record"]),
        (2, seen(1, 1), "pending", ["move-alias", "write-record"]),
        (2, seen(1, record(1, move(1, 2))), "pending", ["move-alias", "write-record"]),
        # killed after moving to 2, then git was reverted to 1
        (1, seen(2, record(1, move(1, 2))), "pending", ["move-alias", "write-record"]),
        # killed after moving to 2, then git moved on to 3
        (3, seen(2, record(1, move(1, 2))), "pending", ["move-alias", "write-record"]),
        (1, seen(2, 1), "alias-moved", []),
        (1, seen(3, record(1, move(1, 2))), "alias-moved", []),
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
        (None, seen(1, 1), "pending", ["drop-alias", "write-record"]),
        (None, seen(2, record(1, move(1, 2))), "pending", ["drop-alias", "write-record"]),
        (None, seen(None, 1), "pending", ["write-record"]),
        (None, seen(None, record(1, move(1, None))), "pending", ["write-record"]),
        (None, seen(2, 1), "conflict", []),
        (None, seen(2), "alias-moved", []),
        (None, seen(2, "garbage"), "record-tampered", []),
        (None, seen(None, "garbage"), "record-tampered", []),
        (None, seen(None, RETIRED), "synced", []),
        (None, seen(2, RETIRED), "alias-moved", []),
        (2, seen(None, RETIRED), "pending", ["set-alias", "write-record"]),
        (2, seen(1, RETIRED), "conflict", []),
        # the environment's alias was `old` before
        (
            1,
            seen(None, OLD, others={"old": 1}),
            "pending",
            ["set-alias", "drop-alias", "write-record"],
        ),
        (
            2,
            seen(None, OLD, others={"old": 1}),
            "pending",
            ["set-alias", "drop-alias", "write-record"],
        ),
        (2, seen(None, OLD, others={"old": 3}), "pending", ["set-alias", "write-record"]),
        (1, seen(1, OLD, others={"old": 1}), "pending", ["drop-alias", "write-record"]),
        (1, seen(3, OLD, others={"old": 1}), "conflict", []),
        (None, seen(None, OLD, others={"old": 1}), "pending", ["drop-alias", "write-record"]),
        (None, seen(3, OLD, others={"old": 1}), "conflict", []),
        # killed while renaming, then git moved on, or kept the old name after all
        (
            2,
            seen(1, RENAMING, others={"old": 1}),
            "pending",
            ["move-alias", "drop-alias", "write-record"],
        ),
        (2, seen(1, RENAMING), "pending", ["move-alias", "write-record"]),
        (
            1,
            seen(1, record(1, move(None, 1, "new"), move(1, None)), others={"new": 1}),
            "record-missing",
            ["drop-alias", "write-record"],
        ),
        # the record says of its version what the registry does not
        (
            1,
            seen(2, record(2), versions=ALL | {2: replace(ALL[2], manifest="x")}),
            "record-tampered",
            [],
        ),
        (
            1,
            seen(2, record(2), versions=ALL | {2: replace(ALL[2], candidate=None)}),
            "record-tampered",
            [],
        ),
        (
            None,
            seen(2, record(2), versions=ALL | {2: replace(ALL[2], manifest="x")}),
            "record-tampered",
            [],
        ),
        # another project's
        (1, seen(1, THEIRS), "conflict", []),
        (1, seen(None, THEIRS), "conflict", []),
        (None, seen(1, THEIRS), "conflict", []),
        (1, seen(None, record(None, move(None, 1), project="other")), "conflict", []),
        (1, seen(None, record(None, project="other")), "pending", ["set-alias", "write-record"]),
        # git does not contain the commit that was applied last
        (1, seen(1, 1, is_past=False), "synced", []),
        (1, seen(2, 2, is_past=False), "conflict", []),
        (1, seen(1, 2, is_past=False), "conflict", []),
        (1, seen(2, 1, is_past=False), "conflict", []),
        (1, seen(None, RETIRED, is_past=False), "conflict", []),
        (None, seen(1, 1, is_past=False), "conflict", []),
        (1, seen(1, OTHER_CONTENT, is_past=False), "conflict", []),
        (1, seen(None, OLD, others={"old": 1}, is_past=False), "conflict", []),
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
        (1, seen(2, 1, is_past=False), []),
        (1, seen(1, THEIRS), []),
        (1, seen(2, THEIRS), []),
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


def test_plans_that_begin_and_end_alike_have_one_digest():
    again, first = (diff(desired(2), seen(1, 1)) for _ in range(2))
    other = diff(desired(3), seen(1, 1))

    assert Plan("a", (first,)).digest == Plan("b", (again,)).digest
    assert Plan("a", (first,)).digest != Plan("a", (other,)).digest


@pytest.mark.parametrize(
    "start",
    [seen(None), seen(3, 3), replace(seen(1, 1), record=None)],
    ids=["nothing is live", "another is live", "no record"],
)
def test_a_plan_that_would_overwrite_something_else_is_another(start):
    reviewed = diff(desired(2), seen(1, 1))
    now = diff(desired(2, drift="enforce"), start, heal=True)

    assert Plan("a", (now,)).digest != Plan("a", (reviewed,)).digest


def test_what_is_not_written_names_no_plan():
    settled, apart = diff(desired(1), seen(1, 1)), diff(desired(2), seen(3, 1))

    assert (settled.changes, apart.changes) == ((), ())
    assert Plan("a", (settled,)).digest == Plan("a", (apart,)).digest == Plan("a", ()).digest


numbers = st.none() | st.sampled_from([1, 2, 3, 4])
names = st.sampled_from(["champion", "old", "older"])
texts = st.builds(
    lambda version, intents, **names: record(version, *intents, **names),
    numbers,
    st.lists(st.builds(Intent, names, numbers, numbers), max_size=3),
    alias=names,
    project=st.sampled_from(["shop", "shop", "shop", "other"]),
)


@dataclass(frozen=True)
class World:
    """A registry of some versions, where aliases point to those that are there."""

    aliases: dict[str, int]
    record: str | None
    versions: dict[int, ModelVersion]
    is_past: bool

    @property
    def observed(self):
        """What a plan goes by."""
        known = Observed(None, self.record).known
        left = (known.aliases if known else frozenset()) - {"champion"}
        others = {alias: self.aliases[alias] for alias in left if alias in self.aliases}
        alias = self.aliases.get("champion")
        return Observed(alias, self.record, others, self.is_past, self.versions)

    def after(self, changes):
        """What reconcile leaves behind; it is git's past from then on."""
        aliases, text = dict(self.aliases), self.record
        for change in changes:
            if change.verb is Verb.WRITE_RECORD:
                text = record(change.after)
            elif change.after is None:
                del aliases[change.name]
            else:
                aliases[change.name] = change.after
        return replace(self, aliases=aliases, record=text, is_past=bool(changes) or self.is_past)


@st.composite
def worlds(draw):
    there = sorted(draw(st.sets(st.sampled_from([1, 2, 3, 4]))))
    aliases = draw(st.dictionaries(names, st.sampled_from(there))) if there else {}
    text = draw(st.none() | st.just("garbage") | texts)
    return World(aliases, text, {number: ALL[number] for number in there}, draw(st.booleans()))


targets = st.just(UNMANAGED) | st.builds(desired, numbers, st.sampled_from(["detect", "enforce"]))


@given(targets, worlds(), st.booleans())
def test_after_the_changes_nothing_is_left_to_change(one, world, heal):
    first = diff(one, world.observed, heal=heal)

    second = diff(one, world.after(first.changes).observed, heal=heal)

    assert second.changes == ()
    if first.changes:
        assert second.sync is Sync.SYNCED


@given(targets, worlds(), st.booleans(), st.data())
def test_a_plan_that_was_cut_short_is_finished_by_the_next(one, world, heal, data):
    full = diff(one, world.observed, heal=heal)
    if not full.changes:
        return
    cut = data.draw(st.integers(0, len(full.changes) - 1))
    partly = world.after(full.changes[:cut])
    # What reconcile notes before it touches an alias.
    moves = [change for change in full.changes if change.verb is not Verb.WRITE_RECORD]
    if moves:
        intents = [Intent(change.name, change.before, change.after) for change in moves]
        known = world.observed.record_of("shop") or NO_RECORD
        noted = known.noting("shop", STAMP.commit, intents).encode()
        partly = replace(partly, record=noted, is_past=True)

    again = diff(one, partly.observed)

    assert partly.after(again.changes).aliases == world.after(full.changes).aliases
    assert diff(one, partly.after(again.changes).observed).sync is Sync.SYNCED


@given(targets, worlds(), st.booleans())
def test_an_alias_goes_only_to_what_git_pins_and_only_ours_is_dropped(one, world, heal):
    plan = diff(one, world.observed, heal=heal)

    for change in plan.changes:
        assert one.release is not None
        if change.verb in (Verb.SET_ALIAS, Verb.MOVE_ALIAS):
            assert one.pin is not None
            assert (change.name, change.after) == ("champion", one.pin.version)
            assert change.after in world.versions
        if change.verb is Verb.DROP_ALIAS:
            assert change.name != "champion" or one.pin is None
            assert world.observed.known.explains(change.name, world.aliases[change.name])


@given(targets, worlds(), st.booleans())
def test_nothing_is_written_over_another_project_or_over_what_git_does_not_contain(
    one, world, heal
):
    plan = diff(one, world.observed, heal=heal)

    known = world.observed.known
    if plan.changes and known is not None and not known.is_idle:
        assert known.project == "shop"
    if plan.changes and known not in (None, NO_RECORD) and known.project == "shop":
        assert world.is_past


@given(targets, worlds(), st.booleans())
def test_aliases_are_written_before_records(one, world, heal):
    verbs = [change.verb for change in diff(one, world.observed, heal=heal).changes]

    assert verbs == sorted(verbs, key=lambda verb: verb is Verb.WRITE_RECORD)


@given(worlds(), st.sampled_from([1, 2, 3, 4]), st.sampled_from([1, 2, 3]))
def test_detect_never_overwrites_a_hand(world, live, further):
    world = replace(
        world,
        aliases={**world.aliases, "champion": live},
        versions={**world.versions, live: ALL[live]},
    )
    other = (live + further - 1) % 4 + 1

    plan = diff(desired(other), world.observed)

    assert plan.changes == () or world.observed.known.explains("champion", live)
