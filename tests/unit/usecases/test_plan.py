from __future__ import annotations

import pytest

from mlgitops.model.errors import Unavailable
from mlgitops.model.state import Target
from mlgitops.usecases.plan import plan
from mlgitops.usecases.reconcile import reconcile
from tests.fakes.candidates import candidate, pin
from tests.fakes.counting_registry import CountingRegistry
from tests.fakes.model_registry import InMemoryRegistry
from tests.fakes.releases import MODEL, STAMP, release, specs


@pytest.fixture
def registry():
    return InMemoryRegistry()


@pytest.fixture
def one(registry, tmp_path):
    """A registered candidate, as a Release pins it."""
    registration = candidate(tmp_path / "one", MODEL, b"one")
    return pin(registration, registry.register(registration, tmp_path / "one").version)


def test_a_first_release_is_an_alias_and_a_record(registry, one):
    made = plan(specs(release("staging", one)), "c0ffee", registry)

    (target,) = made.targets
    assert made.commit == "c0ffee"
    assert target.target == Target("staging", MODEL)
    assert [(c.verb.value, c.name, c.after) for c in made.changes] == [
        ("set-alias", "staging", 1),
        ("write-record", "mlgitops.applied.staging", 1),
    ]


def test_targets_stand_in_the_order_of_the_chain(registry, one):
    wanted = specs(release("production", one), release("staging", one))

    made = plan(wanted, "c0ffee", registry)

    assert [str(target.target) for target in made.targets] == [
        "staging/flights",
        "production/flights",
    ]
    assert made.targets[1].changes[0].name == "champion"


def test_what_is_live_without_a_release_is_shown_as_unmanaged(registry, one):
    registry.set_alias(MODEL, "champion", 1)

    (target,) = plan(specs(), "c0ffee", registry).targets

    assert (str(target.target), target.sync, target.changes) == (
        "production/flights",
        "unmanaged",
        (),
    )


def test_a_plan_reads_in_bulk_and_writes_nothing(tmp_path):
    registry = CountingRegistry(InMemoryRegistry())
    models = [f"model-{number}" for number in range(50)]
    releases = []
    for model in models:
        registration = candidate(tmp_path / model, model, b"one")
        version = registry.register(registration, tmp_path / model).version
        releases.append(release("staging", pin(registration, version), model=model))
    wanted = specs(*releases, models=models)
    reconcile(wanted, registry, STAMP)
    registry.writes.clear()
    registry.reads.clear()

    made = plan(wanted, "c0ffee", registry)

    assert {target.sync.value for target in made.targets} == {"synced"}
    assert registry.reads == ["observe"]
    assert registry.writes == []


def test_changed_files_are_seen_only_when_they_are_looked_at(registry, one):
    wanted = specs(release("staging", one))
    reconcile(wanted, registry, STAMP)
    registry.overwrite(MODEL, 1, {"MLmodel": b"evil"})

    assert plan(wanted, "c0ffee", registry).targets[0].sync == "synced"
    assert plan(wanted, "c0ffee", registry, verify=True).targets[0].sync == "artifact-changed"


def test_a_registry_that_does_not_answer_gives_no_plan(registry, one):
    registry.is_down = True

    with pytest.raises(Unavailable):
        plan(specs(release("staging", one)), "c0ffee", registry)
