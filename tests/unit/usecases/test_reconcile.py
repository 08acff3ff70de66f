from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgitops.adapters.mlflow_registry.registry import MlflowRegistry
from mlgitops.model.errors import (
    ChangesPending,
    Inconclusive,
    MissingExtra,
    PlanIsStale,
    SpecError,
    Unavailable,
)
from mlgitops.model.state import Applied, Record, Target
from mlgitops.usecases.plan import REWRITTEN, ReleaseNeighbours, plan
from mlgitops.usecases.reconcile import reconcile
from tests.fakes.candidates import candidate, pin
from tests.fakes.counting_registry import CountingRegistry, Killed
from tests.fakes.lineage import beside
from tests.fakes.model_registry import InMemoryRegistry
from tests.fakes.releases import LATER, MODEL, STAMP, release, specs

# MLflow 3.17 uses what SQLAlchemy 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

STAGING = Target("staging", MODEL)


@pytest.fixture(params=["memory", pytest.param("mlflow", marks=pytest.mark.slow)])
def behind(request, tmp_path):
    if request.param == "memory":
        return InMemoryRegistry()
    return MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path)


@pytest.fixture
def registry(behind):
    return CountingRegistry(behind)


@pytest.fixture
def memory():
    return CountingRegistry(InMemoryRegistry())


def register(registry, folder, *contents):
    """Pins of new versions, one for each of *contents*."""
    pins = []
    for content in contents:
        registration = candidate(folder / content.decode(), MODEL, content)
        version = registry.behind.register(registration, folder / content.decode())
        pins.append(pin(registration, version.version))
    return pins


def aliases(registry):
    return dict(registry.behind.observe([MODEL])[MODEL].aliases)


def tags(registry):
    return registry.behind.observe([MODEL])[MODEL].tags


def record(registry):
    """What staging's record says."""
    return Record.decode(tags(registry)[STAGING.record_tag])


def recorded(pin, stamp):
    """What it says once *pin* is live."""
    return Record("shop", stamp.commit, Applied.of(pin, "staging", stamp))


def statuses(outcome):
    return [result.status.value for result in outcome.results]


def test_the_registry_becomes_equal_to_git_and_says_by_which_commit(registry, tmp_path):
    one, two = register(registry, tmp_path, b"one", b"two")

    outcome = reconcile(
        specs(release("staging", two), release("production", one)), beside(registry), STAMP
    )

    assert statuses(outcome) == ["applied", "applied"]
    assert outcome.problem is None
    assert aliases(registry) == {"staging": 2, "champion": 1}
    assert record(registry) == recorded(two, STAMP)


def test_a_second_run_writes_nothing(registry, tmp_path):
    one, two = register(registry, tmp_path, b"one", b"two")
    wanted = specs(release("staging", two), release("production", one))
    reconcile(wanted, beside(registry), STAMP)
    registry.writes.clear()

    outcome = reconcile(wanted, beside(registry), LATER)

    assert registry.writes == []
    assert statuses(outcome) == ["unchanged", "unchanged"]


@pytest.mark.parametrize("dies_at", [0, 1, 2])
def test_a_run_that_was_killed_is_finished_by_the_next(registry, tmp_path, dies_at):
    one, two = register(registry, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(registry), STAMP)
    registry.writes.clear()
    registry.dies_at = dies_at
    wanted = specs(release("staging", two))
    with pytest.raises(Killed):
        reconcile(wanted, beside(registry), LATER)
    registry.dies_at = None

    outcome = reconcile(wanted, beside(registry), LATER)

    assert statuses(outcome) == ["applied"]
    assert aliases(registry) == {"staging": 2}
    assert record(registry) == recorded(two, LATER)
    assert plan(wanted, "decade", beside(registry)).changes == ()


@settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([1, 2, 3, None]), st.none() | st.integers(0, 3)), max_size=6
    ),
    last=st.sampled_from([1, 2, 3, None]),
)
def test_whatever_was_killed_and_reverted_the_last_commit_wins(steps, last):
    with TemporaryDirectory() as folder:
        registry = CountingRegistry(InMemoryRegistry())
        pins = dict(enumerate(register(registry, Path(folder), b"one", b"two", b"three"), 1))
        pins[None] = None
        for version, dies_at in steps:
            registry.writes.clear()
            registry.dies_at = dies_at
            with suppress(Killed):
                reconcile(specs(release("staging", pins[version])), beside(registry), STAMP)
        registry.dies_at = None
        wanted = specs(release("staging", pins[last]))

        outcome = reconcile(wanted, beside(registry), LATER)
        registry.writes.clear()
        again = reconcile(wanted, beside(registry), LATER)

        assert outcome.problem is None
        assert aliases(registry).get("staging") == last
        assert (statuses(again), registry.writes) == (["unchanged"], [])


@pytest.mark.parametrize("loses", [{0}, {1}, {2}, {0, 1, 2}])
def test_a_lost_answer_is_settled_by_reading(memory, tmp_path, loses):
    (one,) = register(memory, tmp_path, b"one")
    memory.loses = loses

    outcome = reconcile(specs(release("staging", one)), beside(memory), STAMP)

    assert statuses(outcome) == ["applied"]
    assert memory.writes == ["set_tag", "set_alias", "set_tag"]
    assert aliases(memory) == {"staging": 1}


@pytest.mark.parametrize("write", ["set_alias", "set_tag"])
def test_a_write_that_was_not_done_is_reported_and_done_by_the_next_run(memory, tmp_path, write):
    (one,) = register(memory, tmp_path, b"one")
    memory.behind.fail_at = write
    wanted = specs(release("staging", one))

    outcome = reconcile(wanted, beside(memory), STAMP)

    assert isinstance(outcome.problem, Unavailable)
    assert reconcile(wanted, beside(memory), STAMP).problem is None
    assert aliases(memory) == {"staging": 1}


def test_a_registry_that_does_not_answer_leaves_nothing_half_done(memory, tmp_path):
    (one,) = register(memory, tmp_path, b"one")
    memory.behind.is_down = True

    with pytest.raises(Unavailable):
        reconcile(specs(release("staging", one)), beside(memory), STAMP)

    memory.behind.is_down = False
    assert memory.writes == []


@pytest.mark.slow
def test_a_server_that_is_not_there_is_unavailable(tmp_path):
    registry = MlflowRegistry("http://127.0.0.1:9", "mlartifacts", tmp_path)
    (one,) = register(CountingRegistry(InMemoryRegistry()), tmp_path, b"one")

    with pytest.raises(Unavailable, match="refused"):
        reconcile(specs(release("staging", one)), beside(registry), STAMP)


def test_changed_files_are_refused_and_nothing_is_written(memory, tmp_path):
    (one,) = register(memory, tmp_path, b"one")
    memory.behind.overwrite(MODEL, 1, {"MLmodel": b"evil"})

    outcome = reconcile(specs(release("staging", one)), beside(memory), STAMP)

    (result,) = outcome.results
    assert (result.plan.sync, result.status) == ("artifact-changed", "left")
    assert isinstance(outcome.problem, ChangesPending)
    assert memory.writes == []


@pytest.mark.slow
def test_files_changed_in_mlflow_are_refused_and_nothing_is_written(tmp_path):
    registry = CountingRegistry(MlflowRegistry("sqlite:///mlflow.db", "mlartifacts", tmp_path))
    (one,) = register(registry, tmp_path / "folders", b"one")
    (stored,) = (tmp_path / "mlartifacts").rglob("model.pkl")
    stored.write_bytes(b"evil")

    outcome = reconcile(specs(release("staging", one)), beside(registry), STAMP)

    assert outcome.results[0].plan.sync == "artifact-changed"
    assert registry.writes == []
    assert aliases(registry) == {}


def test_files_that_changed_while_live_are_found_on_every_run(memory, tmp_path):
    (one,) = register(memory, tmp_path, b"one")
    wanted = specs(release("staging", one))
    reconcile(wanted, beside(memory), STAMP)
    memory.behind.overwrite(MODEL, 1, {})

    outcome = reconcile(wanted, beside(memory), STAMP)

    assert outcome.results[0].plan.sync == "artifact-changed"
    assert outcome.problem is not None


def test_an_alias_moved_by_hand_is_left_alone_unless_git_wins(memory, tmp_path):
    one, _ = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    memory.behind.set_alias(MODEL, "staging", 2)
    memory.writes.clear()

    left = reconcile(specs(release("staging", one)), beside(memory), STAMP)

    assert (left.results[0].plan.sync, statuses(left)) == ("alias-moved", ["left"])
    assert isinstance(left.problem, ChangesPending)
    assert memory.writes == []
    enforced = reconcile(specs(release("staging", one), drift="enforce"), beside(memory), STAMP)
    assert (statuses(enforced), aliases(memory)) == (["applied"], {"staging": 1})


def test_a_conflict_stops_and_asks(memory, tmp_path):
    one, two, three = register(memory, tmp_path, b"one", b"two", b"three")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    memory.behind.set_alias(MODEL, "staging", three.version)
    memory.writes.clear()

    outcome = reconcile(specs(release("staging", two)), beside(memory), STAMP, heal=True)

    assert outcome.results[0].plan.sync == "conflict"
    assert isinstance(outcome.problem, PlanIsStale)
    assert memory.writes == []


def test_a_deleted_version_is_missing_and_no_other_is_picked(memory, tmp_path):
    one, _ = register(memory, tmp_path, b"one", b"two")
    wanted = specs(release("staging", one), drift="enforce")
    reconcile(wanted, beside(memory), STAMP)
    memory.behind.delete_version(MODEL, 1)
    memory.writes.clear()

    outcome = reconcile(wanted, beside(memory), STAMP)

    assert outcome.results[0].plan.sync == "version-missing"
    assert memory.writes == []


def test_a_release_after_its_version_was_deleted_moves_on(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    memory.behind.delete_version(MODEL, 1)

    outcome = reconcile(specs(release("staging", two)), beside(memory), STAMP)

    assert outcome.problem is None
    assert aliases(memory) == {"staging": 2}


def test_retiring_takes_our_alias_and_nothing_else(registry, tmp_path):
    (one,) = register(registry, tmp_path, b"one")
    reconcile(specs(release("staging", one), release("production", one)), beside(registry), STAMP)
    wanted = specs(release("staging", None, one), release("production", one))

    outcome = reconcile(wanted, beside(registry), LATER)

    assert outcome.problem is None
    assert aliases(registry) == {"champion": 1}
    assert record(registry) == Record("shop", LATER.commit, None)
    assert len(registry.behind.versions(MODEL)) == 1
    registry.writes.clear()
    reconcile(wanted, beside(registry), LATER)
    assert registry.writes == []


def test_deleting_the_release_file_writes_nothing(memory, tmp_path):
    (one,) = register(memory, tmp_path, b"one")
    reconcile(specs(release("staging", one), drift="enforce"), beside(memory), STAMP)
    memory.writes.clear()

    outcome = reconcile(specs(drift="enforce"), beside(memory), STAMP, heal=True)

    assert (statuses(outcome), outcome.problem) == (["unchanged"], None)
    assert memory.writes == []
    assert aliases(memory) == {"staging": 1}


def test_one_targets_failure_does_not_stop_the_others(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    memory.behind.overwrite(MODEL, 1, {})

    outcome = reconcile(
        specs(release("staging", one), release("production", two)), beside(memory), STAMP
    )

    assert statuses(outcome) == ["left", "applied"]
    assert aliases(memory) == {"champion": 2}
    assert "staging/flights" in str(outcome.problem)


def test_a_plan_that_is_not_the_reviewed_one_is_refused(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    reviewed = plan(specs(release("staging", one)), "c0ffee", beside(memory)).digest

    with pytest.raises(PlanIsStale):
        reconcile(specs(release("staging", two)), beside(memory), STAMP, expected=reviewed)
    assert memory.writes == []

    reconcile(specs(release("staging", one)), beside(memory), STAMP, expected=reviewed)
    assert aliases(memory) == {"staging": 1}


def test_a_reviewed_plan_does_not_start_from_elsewhere(memory, tmp_path):
    """Alias and record were deleted by hand: the plan ends alike, but somebody was here."""
    one, two = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    wanted = specs(release("staging", two))
    reviewed = plan(wanted, STAMP.commit, beside(memory)).digest
    memory.delete_alias(MODEL, "staging")
    memory.behind.delete_tag(MODEL, "mlgitops.applied.staging")
    memory.writes.clear()

    with pytest.raises(PlanIsStale, match="would overwrite"):
        reconcile(wanted, beside(memory), STAMP, expected=reviewed)

    assert memory.writes == []


@pytest.mark.parametrize("length", [12, 13, 64])
@pytest.mark.parametrize("prefix", ["", "sha256:"])
def test_the_first_digits_of_a_plan_name_it(memory, tmp_path, prefix, length):
    (one,) = register(memory, tmp_path, b"one")
    wanted = specs(release("staging", one))
    reviewed = plan(wanted, "c0ffee", beside(memory)).digest.removeprefix("sha256:")

    other = f"{prefix}{reviewed[: length - 1]}{'0' if reviewed[length - 1] != '0' else '1'}"
    with pytest.raises(PlanIsStale):
        reconcile(wanted, beside(memory), STAMP, expected=other)

    reconcile(wanted, beside(memory), STAMP, expected=prefix + reviewed[:length])
    assert aliases(memory) == {"staging": 1}


@pytest.mark.parametrize(
    "expected",
    ["", "foo", "sha256:", "a" * 11, "a" * 65, "A" * 12, "md5:" + "a" * 12, "a" * 12 + "\n"],
)
def test_what_is_no_digest_is_no_stale_plan(memory, expected):
    with pytest.raises(SpecError, match="is not the digest of a plan") as refused:
        reconcile(specs(), beside(memory), STAMP, expected=expected)

    assert "12 to 64 hex digits" in str(refused.value.hint)


class SecondWriter(CountingRegistry):
    """Somebody else moves the alias right after the files were hashed."""

    def manifest(self, model, version):
        found = super().manifest(model, version)
        self.behind.set_alias(model, "staging", 2)
        return found


def test_a_target_that_moves_under_our_hands_is_left_to_the_next_run(tmp_path):
    registry = SecondWriter(InMemoryRegistry())
    one, _ = register(registry, tmp_path, b"one", b"two")

    outcome = reconcile(specs(release("staging", one)), beside(registry), STAMP)

    assert statuses(outcome) == ["failed"]
    assert isinstance(outcome.problem, PlanIsStale)
    assert registry.writes == []


class DeafAliases(CountingRegistry):
    """An alias that does not stay where it was put."""

    def set_alias(self, model, alias, version):
        super().set_alias(model, alias, version)
        self.behind.set_alias(model, alias, 2)


def test_an_alias_that_does_not_stay_is_not_recorded_as_applied(tmp_path):
    registry = DeafAliases(InMemoryRegistry())
    one, _ = register(registry, tmp_path, b"one", b"two")

    outcome = reconcile(specs(release("staging", one)), beside(registry), STAMP)

    assert isinstance(outcome.problem, PlanIsStale)
    assert registry.writes == ["set_tag", "set_alias"]
    assert record(registry).applied is None


def test_a_record_edited_by_hand_is_written_anew(memory, tmp_path):
    (one,) = register(memory, tmp_path, b"one")
    wanted = specs(release("staging", one))
    reconcile(wanted, beside(memory), STAMP)
    memory.behind.set_tag(MODEL, STAGING.record_tag, "{}")

    outcome = reconcile(wanted, beside(memory), LATER)

    assert outcome.results[0].plan.sync == "record-tampered"
    assert record(memory) == recorded(one, LATER)


def test_a_conflict_is_graver_than_changed_files(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    memory.behind.set_alias(MODEL, "champion", one.version)
    memory.behind.overwrite(MODEL, one.version, {})

    outcome = reconcile(
        specs(release("staging", one), release("production", two)), beside(memory), STAMP
    )

    assert [result.plan.sync.value for result in outcome.results] == [
        "artifact-changed",
        "conflict",
    ]
    assert isinstance(outcome.problem, PlanIsStale)
    assert "staging/flights" in str(outcome.problem)
    assert "production/flights" in str(outcome.problem)


def renamed(wanted, alias="best"):
    """*wanted* with another alias for staging."""
    environments = dict(wanted.environments)
    environments["staging"] = replace(environments["staging"], alias=alias)
    return replace(wanted, environments=environments)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("dies_at", [None, 0, 1, 2, 3])
def test_another_alias_takes_the_place_of_the_one_before(registry, tmp_path, version, dies_at):
    pins = register(registry, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", pins[0])), beside(registry), STAMP)
    wanted = renamed(specs(release("staging", pins[version - 1])))
    registry.writes.clear()
    registry.dies_at = dies_at
    with suppress(Killed):
        reconcile(wanted, beside(registry), LATER)
    registry.dies_at = None

    outcome = reconcile(wanted, beside(registry), LATER)

    assert outcome.problem is None
    assert aliases(registry) == {"best": version}
    registry.writes.clear()
    assert statuses(reconcile(wanted, beside(registry), LATER)) == ["unchanged"]
    assert registry.writes == []


def test_an_alias_that_was_moved_by_hand_outlives_its_renaming(memory, tmp_path):
    one, _ = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    memory.behind.set_alias(MODEL, "staging", 2)

    outcome = reconcile(renamed(specs(release("staging", one))), beside(memory), LATER)

    assert outcome.problem is None
    assert aliases(memory) == {"staging": 2, "best": 1}


def test_an_alias_that_goes_to_another_environment_is_not_taken_from_it(memory, tmp_path):
    (one,) = register(memory, tmp_path, b"one")
    both = (release("staging", one), release("production", one))
    reconcile(specs(*both), beside(memory), STAMP)
    swapped = renamed(specs(*both), "champion")
    swapped.environments["production"] = replace(swapped.environments["production"], alias="live")

    for _ in range(2):
        assert reconcile(swapped, beside(memory), LATER).problem is None
        assert aliases(memory) == {"champion": 1, "live": 1}


def test_what_another_project_applied_is_never_written_over(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    before = tags(memory)
    memory.writes.clear()
    for pinned in (one, two, None):
        wanted = specs(release("staging", pinned), drift="enforce")
        theirs = replace(wanted, project=replace(wanted.project, name="store"))

        outcome = reconcile(theirs, beside(memory), LATER, heal=True)

        assert outcome.results[0].plan.sync == "conflict"
        assert outcome.results[0].plan.applied is None
        assert isinstance(outcome.problem, PlanIsStale)
        assert "'shop'" in str(outcome.problem)
    assert (memory.writes, tags(memory), aliases(memory)) == ([], before, {"staging": 1})


def test_a_model_that_one_project_retired_is_free_for_another(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    reconcile(specs(release("staging", None, one)), beside(memory), STAMP)
    wanted = specs(release("staging", two))
    theirs = replace(wanted, project=replace(wanted.project, name="store"))

    outcome = reconcile(theirs, beside(memory, "beef"), replace(LATER, commit="beef"))

    assert (outcome.problem, aliases(memory)) == (None, {"staging": 2})
    assert record(memory).project == "store"


@pytest.mark.parametrize("undone", [1, None], ids=["rolled back", "retired"])
def test_a_clone_that_is_behind_undoes_nothing(memory, tmp_path, undone):
    pins = dict(enumerate(register(memory, tmp_path, b"one", b"two"), 1))
    pins[None] = None
    reconcile(specs(release("staging", pins[2])), beside(memory), STAMP)
    reconcile(specs(release("staging", pins[undone])), beside(memory), LATER)
    before = aliases(memory)
    memory.writes.clear()
    behind = specs(release("staging", pins[2]), drift="enforce")

    for lineage in (beside(memory), beside(memory, STAMP.commit)):
        outcome = reconcile(behind, lineage, STAMP, heal=True)

        assert outcome.results[0].plan.sync == "conflict"
        assert isinstance(outcome.problem, PlanIsStale)
        assert "pull" in str(outcome.problem)
    assert (memory.writes, aliases(memory)) == ([], before)


def test_a_clone_that_is_behind_does_not_finish_what_was_begun_after_it(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    memory.writes.clear()
    memory.dies_at = 2
    with suppress(Killed):
        reconcile(specs(release("staging", two)), beside(memory), LATER)
    memory.dies_at = None

    outcome = reconcile(specs(release("staging", one)), beside(memory), STAMP)

    assert outcome.results[0].plan.sync == "conflict"
    assert aliases(memory) == {"staging": 2}


def test_a_rewritten_history_is_applied_when_a_person_says_so(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    wanted, rewritten = specs(release("staging", two)), replace(LATER, commit="facade")
    assert reconcile(wanted, beside(memory, "facade"), rewritten).problem is not None

    outcome = reconcile(wanted, ReleaseNeighbours(memory, REWRITTEN), rewritten)

    assert (outcome.problem, aliases(memory)) == (None, {"staging": 2})
    assert reconcile(wanted, beside(memory, "facade"), rewritten).problem is None


def test_a_record_forged_with_its_alias_is_told_from_a_release(memory, tmp_path):
    one, _ = register(memory, tmp_path, b"one", b"two")
    wanted = specs(release("staging", one))
    reconcile(wanted, beside(memory), STAMP)
    forged = replace(record(memory), applied=replace(record(memory).applied, version=2))
    memory.behind.set_tag(MODEL, STAGING.record_tag, forged.encode())
    memory.behind.set_alias(MODEL, "staging", 2)
    memory.writes.clear()

    outcome = reconcile(wanted, beside(memory), STAMP)

    assert outcome.results[0].plan.sync == "record-tampered"
    assert isinstance(outcome.problem, ChangesPending)
    assert memory.writes == []
    assert reconcile(wanted, beside(memory), STAMP, heal=True).problem is None
    assert aliases(memory) == {"staging": 1}


def test_a_person_is_told_what_to_do(memory, tmp_path):
    one, two = register(memory, tmp_path, b"one", b"two")
    reconcile(specs(release("staging", one)), beside(memory), STAMP)
    behind = reconcile(
        specs(release("staging", two)), beside(memory, "facade"), replace(LATER, commit="facade")
    )
    memory.behind.set_alias(MODEL, "staging", 2)
    moved = reconcile(specs(release("staging", one)), beside(memory), STAMP)

    assert "git pull" in behind.problem.hint
    assert "drift --heal" in moved.problem.hint


class Refusing(CountingRegistry):
    """Will not show the files of some models: raises what `refusals` has for them."""

    def __init__(self, behind):
        super().__init__(behind)
        self.refusals = {}

    def manifest(self, model, version):
        if model in self.refusals:
            raise self.refusals[model]
        return super().manifest(model, version)


@pytest.fixture
def refusing(tmp_path):
    """A registry, and specs that release one version of `flights` and one of `trains`."""
    registry = Refusing(InMemoryRegistry())
    releases = []
    for model in (MODEL, "trains"):
        made = candidate(tmp_path / model, model, b"one")
        version = registry.behind.register(made, tmp_path / model).version
        releases.append(release("staging", pin(made, version), model=model))
    return registry, specs(*releases, models=(MODEL, "trains"))


@pytest.mark.parametrize(
    "refusal",
    [
        SpecError("the registry refused: Forbidden", hint="check the credentials"),
        MissingExtra("botocore", extra="mlflow"),
        Inconclusive("something that nobody thought of", hint="think"),
    ],
    ids=lambda refusal: type(refusal).__name__,
)
def test_what_cannot_be_looked_at_fails_as_it_is_and_alone(refusing, refusal):
    registry, wanted = refusing
    registry.refusals = {MODEL: refusal}

    outcome = reconcile(wanted, beside(registry), STAMP)

    assert statuses(outcome) == ["failed", "applied"]
    assert outcome.results[0].plan.sync == "pending"
    assert type(outcome.problem) is type(refusal)
    assert outcome.problem.hint == refusal.hint
    assert f"staging/{MODEL}: {refusal.message}" in outcome.problem.message
    assert "1 of 2 targets" in outcome.problem.message


def test_a_missing_package_is_graver_than_what_did_not_answer(refusing):
    registry, wanted = refusing
    registry.refusals = {
        MODEL: Unavailable("down"),
        "trains": MissingExtra("botocore", extra="mlflow"),
    }

    outcome = reconcile(wanted, beside(registry), STAMP)

    assert isinstance(outcome.problem, MissingExtra)
    assert "down" in outcome.problem.message


@pytest.mark.parametrize(("fails", "made"), [(0, 0), (1, 1), (2, 2), (None, 2)])
def test_what_a_failed_target_changed_before_is_counted(tmp_path, fails, made):
    registry = CountingRegistry(FailingAt(fails))
    (one,) = register(registry, tmp_path, b"one")

    outcome = reconcile(specs(release("staging", one)), beside(registry), STAMP)

    assert statuses(outcome) == ["applied" if fails is None else "failed"]
    assert [result.made for result in outcome.results] == [made]


class FailingAt(InMemoryRegistry):
    """Does not do the write of number *fails*, 0 being the first."""

    def __init__(self, fails):
        super().__init__()
        self._left = fails

    def _answer(self, write=None):
        super()._answer(write)
        if self._left is None or write in (None, "register"):
            return
        self._left -= 1
        if self._left < 0:
            self._left = None
            raise Unavailable("the registry is down")
