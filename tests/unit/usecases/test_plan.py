from __future__ import annotations

from dataclasses import replace

import pytest

from mlgitops.model.errors import Unavailable
from mlgitops.model.state import Target
from mlgitops.usecases.plan import ReleaseNeighbours, plan
from mlgitops.usecases.reconcile import reconcile
from tests.fakes.candidates import candidate, pin
from tests.fakes.counting_registry import CountingRegistry
from tests.fakes.lineage import Line, beside
from tests.fakes.model_registry import InMemoryRegistry
from tests.fakes.releases import LATER, MODEL, STAMP, release, specs


@pytest.fixture
def registry():
    return InMemoryRegistry()


@pytest.fixture
def one(registry, tmp_path):
    """A registered candidate, as a Release pins it."""
    registration = candidate(tmp_path / "one", MODEL, b"one")
    return pin(registration, registry.register(registration, tmp_path / "one").version)


def test_a_first_release_is_an_alias_and_a_record(registry, one):
    made = plan(specs(release("staging", one)), "c0ffee", beside(registry))

    (target,) = made.targets
    assert made.commit == "c0ffee"
    assert target.target == Target("staging", MODEL)
    assert [(c.verb.value, c.name, c.after) for c in made.changes] == [
        ("set-alias", "staging", 1),
        ("write-record", "mlgitops.applied.staging", 1),
    ]


def test_targets_stand_in_the_order_of_the_chain(registry, one):
    wanted = specs(release("production", one), release("staging", one))

    made = plan(wanted, "c0ffee", beside(registry))

    assert [str(target.target) for target in made.targets] == [
        "staging/flights",
        "production/flights",
    ]
    assert made.targets[1].changes[0].name == "champion"


def test_what_is_live_without_a_release_is_shown_as_unmanaged(registry, one):
    registry.set_alias(MODEL, "champion", 1)

    (target,) = plan(specs(), "c0ffee", beside(registry)).targets

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
    reconcile(wanted, beside(registry), STAMP)
    registry.writes.clear()
    registry.reads.clear()

    made = plan(wanted, "c0ffee", beside(registry))

    assert {target.sync.value for target in made.targets} == {"synced"}
    assert registry.reads == ["observe"]
    assert registry.writes == []


def test_changed_files_are_seen_only_when_they_are_looked_at(registry, one):
    wanted = specs(release("staging", one))
    reconcile(wanted, beside(registry), STAMP)
    registry.overwrite(MODEL, 1, {"MLmodel": b"evil"})

    assert plan(wanted, "c0ffee", beside(registry)).targets[0].sync == "synced"
    assert (
        plan(wanted, "c0ffee", beside(registry), verify=True).targets[0].sync == "artifact-changed"
    )


def test_a_registry_that_does_not_answer_gives_no_plan(registry, one):
    registry.is_down = True

    with pytest.raises(Unavailable):
        plan(specs(release("staging", one)), "c0ffee", beside(registry))


def test_git_is_asked_once_and_only_about_what_is_to_be_written_over(registry, tmp_path):
    models = ["model-1", "model-2", "model-3"]
    first, second = {}, {}
    for model in models:
        for made, content in ((first, b"one"), (second, b"two")):
            folder = tmp_path / f"{model}-{content.decode()}"
            registration = candidate(folder, model, content)
            version = registry.register(registration, folder).version
            made[model] = release("staging", pin(registration, version), model=model)
    lineage = Line(STAMP.commit, LATER.commit)
    neighbours = ReleaseNeighbours(registry, lineage)
    wanted = specs(*first.values(), models=models)
    reconcile(wanted, neighbours, STAMP)
    assert lineage.asked == []

    plan(wanted, STAMP.commit, neighbours)
    assert lineage.asked == []

    moved = specs(second["model-1"], second["model-2"], first["model-3"], models=models)
    made = plan(moved, LATER.commit, neighbours)
    assert [target.sync.value for target in made.targets] == ["pending", "pending", "synced"]
    assert lineage.asked == [{STAMP.commit}]


@pytest.fixture
def live(registry, one):
    """Specs whose staging and production have version 1."""
    wanted = specs(release("staging", one), release("production", one))
    reconcile(wanted, beside(registry), STAMP)
    return wanted


def shown(made):
    return [(str(target.target), target.sync.value, target.live) for target in made.targets]


def test_what_is_live_where_the_environment_is_gone_is_shown(registry, live):
    environments = {"staging": live.environments["staging"]}
    releases = {key: one for key, one in live.releases.items() if key[0] == "staging"}
    without = replace(live, environments=environments, releases=releases)

    made = plan(without, STAMP.commit, beside(registry))

    assert shown(made) == [
        ("staging/flights", "synced", 1),
        ("production/flights", "unmanaged", 1),
    ]
    assert made.changes == ()


def test_what_is_live_where_the_pipeline_is_gone_is_shown(registry, live):
    without = replace(live, pipelines={}, releases={})

    made = plan(without, STAMP.commit, beside(registry))

    assert shown(made) == [
        ("production/flights", "unmanaged", 1),
        ("staging/flights", "unmanaged", 1),
    ]
    assert made.changes == ()


def test_what_another_project_has_live_is_not_shown(registry, live):
    theirs = replace(live, project=replace(live.project, name="store"), pipelines={}, releases={})

    assert plan(theirs, STAMP.commit, beside(registry)).targets == ()


def test_what_was_retired_leaves_nothing_to_show(registry, live, one):
    retired = specs(release("staging", None, one), release("production", None, one))
    reconcile(retired, beside(registry), STAMP)

    made = plan(replace(retired, pipelines={}, releases={}), STAMP.commit, beside(registry))

    assert made.targets == ()
