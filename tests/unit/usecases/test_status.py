from __future__ import annotations

from dataclasses import replace

import pytest

from mlgitops.usecases.plan import plan
from mlgitops.usecases.reconcile import reconcile
from mlgitops.usecases.status import status
from tests.fakes.candidates import candidate, pin
from tests.fakes.lineage import beside
from tests.fakes.model_registry import InMemoryRegistry
from tests.fakes.releases import MODEL, STAMP, release, specs


@pytest.fixture
def registry():
    return InMemoryRegistry()


@pytest.fixture
def pins(registry, tmp_path):
    found = []
    for content in (b"one", b"two"):
        registration = candidate(tmp_path / content.decode(), MODEL, content)
        version = registry.register(registration, tmp_path / content.decode())
        found.append(pin(registration, version.version))
    return found


def test_every_environment_and_model_has_a_row(registry, pins):
    wanted = specs(release("staging", pins[0]), models=[MODEL, "other"])
    reconcile(wanted, beside(registry), STAMP)

    rows = status(wanted, STAMP.commit, beside(registry))

    assert [str(row.target) for row in rows] == [
        "staging/flights",
        "staging/other",
        "production/flights",
        "production/other",
    ]
    assert [row.sync.value for row in rows] == ["synced", *["unmanaged"] * 3]
    assert [row.live for row in rows] == [1, None, None, None]


def test_a_live_version_says_since_when_and_by_which_commit(registry, pins):
    wanted = specs(release("staging", pins[0]))
    reconcile(wanted, beside(registry), STAMP)

    row = status(wanted, STAMP.commit, beside(registry))[0]

    assert (row.desired, row.live) == (wanted.releases["staging", MODEL].desired, 1)
    assert (row.since, row.commit, row.run) == (STAMP.at, STAMP.commit, STAMP.run)


def test_an_alias_moved_by_hand_has_no_commit(registry, pins):
    wanted = specs(release("staging", pins[0]))
    reconcile(wanted, beside(registry), STAMP)
    registry.set_alias(MODEL, "staging", 2)

    row = status(wanted, STAMP.commit, beside(registry))[0]

    assert (row.sync, row.live) == ("alias-moved", 2)
    assert (row.since, row.commit, row.run) == (None, None, None)


def test_a_registry_that_does_not_answer_makes_every_row_unknown(registry, pins):
    registry.is_down = True

    wanted = specs(release("staging", pins[0]))

    rows = status(wanted, STAMP.commit, beside(registry))

    assert [row.sync.value for row in rows] == ["unknown", "unknown"]
    assert rows[0].desired == wanted.releases["staging", MODEL].desired


def test_what_git_names_no_more_has_a_row_at_the_end(registry, pins):
    wanted = specs(release("staging", pins[0]))
    reconcile(wanted, beside(registry), STAMP)
    environments = {"production": replace(wanted.environments["production"], source=None)}
    without = replace(wanted, environments=environments, releases={})

    rows = status(without, STAMP.commit, beside(registry))

    assert [(str(row.target), row.sync.value, row.live) for row in rows] == [
        ("production/flights", "unmanaged", None),
        ("staging/flights", "unmanaged", 1),
    ]


def test_what_another_project_made_live_has_no_commit_of_ours(registry, pins):
    wanted = specs(release("staging", pins[0]))
    reconcile(wanted, beside(registry), STAMP)
    theirs = replace(wanted, project=replace(wanted.project, name="store"))

    row = status(theirs, STAMP.commit, beside(registry))[0]

    assert (row.sync, row.live) == ("conflict", 1)
    assert (row.since, row.commit, row.run) == (None, None, None)


def test_a_release_that_is_not_proven_is_called_so(registry, pins):
    wanted = replace(specs(release("staging", pins[0])), evidence={}.get)

    row = status(wanted, STAMP.commit, beside(registry))[0]

    (planned,) = plan(wanted, STAMP.commit, beside(registry)).targets
    assert (row.sync, row.reason) == ("unproven", planned.reason)
