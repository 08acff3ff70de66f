from __future__ import annotations

from dataclasses import replace

import pytest

from mlgitops.model.errors import PlanIsStale, Unavailable
from mlgitops.usecases.drift import drift
from mlgitops.usecases.reconcile import reconcile
from tests.fakes.candidates import candidate, pin
from tests.fakes.counting_registry import CountingRegistry
from tests.fakes.lineage import beside
from tests.fakes.model_registry import InMemoryRegistry
from tests.fakes.releases import LATER, MODEL, STAMP, release, specs

RECORD = "mlgitops.applied.staging"


@pytest.fixture
def registry():
    return CountingRegistry(InMemoryRegistry())


@pytest.fixture
def pins(registry, tmp_path):
    found = []
    for content in (b"one", b"two", b"three"):
        registration = candidate(tmp_path / content.decode(), MODEL, content)
        version = registry.register(registration, tmp_path / content.decode())
        found.append(pin(registration, version.version))
    return found


@pytest.fixture
def wanted(registry, pins):
    """Staging and production have the first version, as git wants."""
    released = specs(release("staging", pins[0]), release("production", pins[0]))
    reconcile(released, beside(registry), STAMP)
    registry.writes.clear()
    return released


def classes(report):
    return {str(target.target): target.sync.value for target in report.drifted}


def test_a_world_as_we_left_it_has_no_drift(registry, wanted):
    report = drift(wanted, beside(registry), LATER)

    assert (report.drifted, report.outcome, registry.writes) == ((), None, [])


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (lambda r: r.set_alias(MODEL, "staging", 2), "alias-moved"),
        (lambda r: r.delete_alias(MODEL, "staging"), "alias-missing"),
        (lambda r: r.set_tag(MODEL, RECORD, "{}"), "record-tampered"),
        (lambda r: r.delete_tag(MODEL, RECORD), "record-missing"),
    ],
)
def test_each_kind_of_tampering_is_named_and_healed(registry, wanted, tamper, found):
    tamper(registry.behind)

    report = drift(wanted, beside(registry), LATER)

    assert classes(report) == {"staging/flights": found}
    assert registry.writes == []
    healed = drift(wanted, beside(registry), LATER, heal=True)
    assert classes(healed) == {"staging/flights": found}
    assert healed.outcome.problem is None
    assert drift(wanted, beside(registry), LATER).drifted == ()
    assert registry.behind.observe([MODEL])[MODEL].aliases == {"staging": 1, "champion": 1}


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (lambda r: r.overwrite(MODEL, 1, {"MLmodel": b"evil"}), "artifact-changed"),
        (lambda r: r.overwrite(MODEL, 1, {}), "artifact-changed"),
        (lambda r: r.delete_version(MODEL, 1), "version-missing"),
    ],
)
def test_what_cannot_be_healed_is_found_and_nothing_is_written(registry, wanted, tamper, found):
    tamper(registry.behind)

    report = drift(wanted, beside(registry), LATER, heal=True)

    assert classes(report) == {"staging/flights": found, "production/flights": found}
    assert report.outcome.problem is not None
    assert registry.writes == []


def test_a_move_that_git_asks_for_is_no_drift_and_is_not_healed(registry, wanted, pins):
    moved = specs(release("staging", pins[1]), release("production", pins[0]))

    report = drift(moved, beside(registry), LATER, heal=True)

    assert (report.drifted, registry.writes) == ((), [])
    assert [target.sync.value for target in report.plan.targets] == ["pending", "synced"]


def test_a_conflict_is_never_healed(registry, wanted, pins):
    registry.behind.set_alias(MODEL, "staging", 3)
    moved = specs(release("staging", pins[1]), release("production", pins[0]))

    report = drift(moved, beside(registry), LATER, heal=True)

    assert classes(report) == {"staging/flights": "conflict"}
    assert isinstance(report.outcome.problem, PlanIsStale)
    assert registry.writes == []


def test_healing_leaves_other_targets_alone(registry, wanted, pins):
    registry.behind.set_alias(MODEL, "staging", 2)
    moved = specs(release("staging", pins[0]), release("production", pins[2]))

    drift(moved, beside(registry), LATER, heal=True)

    assert registry.behind.observe([MODEL])[MODEL].aliases == {"staging": 1, "champion": 1}


def test_a_registry_that_does_not_answer_is_not_called_clean(registry, wanted):
    registry.behind.is_down = True

    with pytest.raises(Unavailable):
        drift(wanted, beside(registry), LATER)


@pytest.mark.parametrize("tag", ["manifest", "candidate"])
def test_a_version_that_says_otherwise_than_git_is_found(registry, wanted, tag):
    registry.behind.retag(MODEL, 1, **{tag: "sha256:" + 64 * "0"})

    for heal in (False, True):
        report = drift(wanted, beside(registry), LATER, heal=heal)

        assert set(classes(report).values()) == {"artifact-changed"}
        assert registry.writes == []
    assert report.outcome.problem is not None


def test_a_clone_that_is_behind_finds_a_conflict_and_heals_nothing(registry, wanted, pins):
    moved = specs(release("staging", pins[1]), release("production", pins[0]))
    reconcile(moved, beside(registry), LATER)
    registry.writes.clear()

    report = drift(wanted, beside(registry), STAMP, heal=True)

    assert (classes(report), report.has_conflict) == ({"staging/flights": "conflict"}, True)
    assert isinstance(report.outcome.problem, PlanIsStale)
    assert registry.writes == []


def test_an_alias_that_git_renamed_is_no_drift(registry, wanted):
    environments = dict(wanted.environments)
    environments["staging"] = replace(environments["staging"], alias="best")

    report = drift(replace(wanted, environments=environments), beside(registry), LATER)

    assert (report.drifted, report.has_conflict) == ((), False)
    assert report.plan.targets[0].sync == "pending"
