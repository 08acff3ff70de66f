"""The walk itself, with steps that do what a test tells them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.adapters.decision_files import LocalDecisionLog
from mlgitops.adapters.step_store import LocalStepStore
from mlgitops.model.dataset import Dataset, Split
from mlgitops.model.errors import (
    GateFailed,
    Inconclusive,
    MlgitopsError,
    SpecError,
    Unavailable,
)
from mlgitops.model.run import STEPS, InputChange
from mlgitops.model.spec import Specs
from mlgitops.ports import StoredStep
from mlgitops.usecases.context import RunContext, SettledOrigin
from mlgitops.usecases.run import Order, Result, find_pipeline, run
from tests.fakes.model_registry import InMemoryRegistry
from tests.fakes.releases import MODEL, specs
from tests.fakes.run_neighbours import (
    CountingWorker,
    FixedClock,
    FixedNeighbours,
    FixedOrigin,
    QuietProgress,
)
from tests.fakes.steps import FakeStep, chain

DATASET = Dataset("flights", (), (), (), None, None, (), (), Split("stratified", 0.2, None, 7))
SPECS = replace(specs(), datasets={"flights": DATASET})


@dataclass
class Walker:
    """Walks fake steps with a real store."""

    root: Path
    specs: Specs = SPECS
    commit: str = "c0ffee"
    steps: Mapping[str, FakeStep] = field(default_factory=lambda: chain(STEPS))
    worker: CountingWorker = field(default_factory=CountingWorker)
    progress: QuietProgress = field(default_factory=QuietProgress)

    @property
    def store(self) -> LocalStepStore:
        return LocalStepStore(self.root / ".mlgitops", self.root)

    def run(self, model: str = MODEL, **order: Any) -> Result:
        neighbours = FixedNeighbours(
            tables=cast("Any", None),
            worker=self.worker,
            store=self.store,
            registry=InMemoryRegistry(),
            engine=cast("Any", None),
            progress=self.progress,
            clock=FixedClock(),
            decisions=LocalDecisionLog(self.root / ".mlgitops"),
        )
        origin = FixedOrigin(self.root, self.commit, False, "ada", "manual", "local", {})
        return run(Order(model, **order), self.specs, origin, neighbours, self.steps.__getitem__)


@pytest.fixture
def walker(tmp_path: Path) -> Walker:
    return Walker(tmp_path)


def walked(result: Result) -> list[tuple[str, str, str]]:
    return [(step.name, step.status, step.because) for step in result.record.steps]


def every(status: str, because: str, names: tuple[str, ...] = STEPS) -> list[tuple[str, str, str]]:
    return [(name, status, because) for name in names]


def test_the_first_run_makes_every_step_in_order(walker: Walker) -> None:
    result = walker.run()

    assert walked(result) == every("ran", "first")
    assert result.error is None
    assert walker.progress.steps == list(STEPS)
    assert result.record == walker.store.last_run(MODEL)
    assert result.record.started == "2026-11-22T12:00:00+00:00"
    assert result.record.commit == "c0ffee"


def test_a_second_run_makes_nothing(walker: Walker) -> None:
    first = walker.run()
    second = walker.run()

    assert walked(second) == every("cached", "unchanged")
    assert [step.made for step in walker.steps.values()] == [1] * len(STEPS)
    assert [step.outputs for step in second.record.steps] == [
        step.outputs for step in first.record.steps
    ]
    assert second.context.durations == first.context.durations


@given(changed=st.sampled_from(STEPS))
def test_a_changed_input_remakes_what_follows_from_it(
    tmp_path_factory: pytest.TempPathFactory, changed: str
) -> None:
    walker = Walker(tmp_path_factory.mktemp("walk"))
    walker.run()
    walker.steps[changed].own["x"] = "2"

    result = walker.run()

    place = STEPS.index(changed)
    assert walked(result) == [
        *every("cached", "unchanged", STEPS[:place]),
        *every("ran", "input-changed", STEPS[place:]),
    ]
    named = [[change.name for change in step.changes] for step in result.record.steps[place:]]
    assert named == [["x"], *([f"{name} out"] for name in STEPS[place:-1])]
    first = result.record.steps[place]
    assert first.changes == (InputChange("x", "1", "2"),)


def test_equal_outputs_cut_the_rerun_off(walker: Walker) -> None:
    walker.run()
    split = walker.steps["split"]
    split.own["x"] = "2"
    before = walker.store.find(key_of(walker, "split"))
    split.makes = lambda folder: constant(folder, before)

    result = walker.run()

    assert [name for name, status, _ in walked(result) if status == "ran"] == ["split"]


def key_of(walker: Walker, name: str) -> str:
    record = walker.store.last_run(MODEL)
    step = record.step(name) if record else None
    assert step is not None
    return step.key


def constant(folder: Path, stored: Any) -> dict[str, Path]:
    (folder / "out").write_bytes(stored.outputs["out"].path.read_bytes())
    return {"out": folder / "out"}


def test_another_version_of_a_step_s_code_remakes_it(walker: Walker) -> None:
    walker.run()
    walker.steps["gate"].VERSION = 2

    result = walker.run()

    assert [name for name, status, _ in walked(result) if status == "ran"] == ["gate", "register"]


def test_going_back_to_earlier_inputs_finds_their_outputs(walker: Walker) -> None:
    walker.run()
    walker.steps["train"].own["x"] = "2"
    walker.run()
    walker.steps["train"].own["x"] = "1"

    assert walked(walker.run()) == every("cached", "unchanged")


def test_an_input_that_cannot_be_told_is_read_every_time(walker: Walker) -> None:
    walker.steps["extract"].own["source orders"] = None

    walker.run()
    second = walker.run()

    assert walked(second)[0] == ("extract", "ran", "never-cached")
    assert walked(second)[1:] == every("cached", "unchanged", STEPS[1:])
    assert "source orders" not in second.record.steps[0].inputs


@pytest.mark.parametrize("damage", ["flip", "remove", "record"])
def test_damaged_outputs_are_made_again(walker: Walker, damage: str) -> None:
    first = walker.run()
    out = first.context.path("split", "out")
    if damage == "flip":
        out.write_text("something else")
    elif damage == "remove":
        out.unlink()
    else:
        key = key_of(walker, "split").removeprefix("sha256:")
        (walker.root / ".mlgitops" / "store" / "steps" / f"{key}.json").write_text("{}")

    second = walker.run()

    assert [found for found in walked(second) if found[1] == "ran"] == [
        ("split", "ran", "not-stored")
    ]
    assert second.context.path("split", "out").read_bytes() == out.read_bytes()


ERRORS: list[MlgitopsError] = [
    SpecError("wrong"),
    GateFailed("failed"),
    Inconclusive("who knows"),
    Unavailable("away"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_failure_keeps_what_was_made_before(walker: Walker, error: MlgitopsError) -> None:
    evaluate = walker.steps["evaluate"]
    evaluate.fails = error

    failed = walker.run()

    assert failed.error is error
    assert walked(failed) == [
        *every("ran", "first", STEPS[:5]),
        ("evaluate", "failed", "first"),
    ]
    assert walker.store.last_run(MODEL) == failed.record
    assert failed.record.steps[-1].failure == str(error)
    assert list((walker.root / ".mlgitops" / "work").iterdir()) == []

    evaluate.fails = None
    resumed = walker.run()

    assert walked(resumed) == [
        *every("cached", "unchanged", STEPS[:5]),
        *every("ran", "first", STEPS[5:]),
    ]


def test_a_failure_after_a_change_still_names_the_change(walker: Walker) -> None:
    walker.run()
    train = walker.steps["train"]
    train.own["x"], train.fails = "2", SpecError("wrong")
    walker.run()
    train.fails = None

    result = walker.run()

    step = result.record.step("train")
    assert step is not None
    assert step.because == "input-changed"
    assert step.changes == (InputChange("x", "1", "2"),)


def test_inputs_that_cannot_be_read_end_the_run(walker: Walker) -> None:
    walker.steps["split"].refuses_inputs = SpecError("no such file")

    result = walker.run()

    assert result.error is walker.steps["split"].refuses_inputs
    assert walked(result)[-1] == ("split", "failed", "no-inputs")
    assert walker.steps["features"].made == 0


def test_outputs_that_are_not_accepted_are_kept_and_refused_again(walker: Walker) -> None:
    gate = walker.steps["gate"]
    gate.rejects = GateFailed("not fit")

    for because in ("first", "unchanged"):
        result = walker.run()

        assert result.error is gate.rejects
        assert walked(result)[-1] == ("gate", "failed", because)
        assert result.record.steps[-1].failure == "not fit"
        assert result.record.steps[-1].is_new is (because == "first")
        assert "gate" in result.record.known

    assert gate.made == 1
    assert walker.steps["register"].made == 0


def test_a_bug_is_not_swallowed(walker: Walker) -> None:
    walker.steps["train"].fails = cast("Any", ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        walker.run()

    walker.steps["train"].fails = None
    assert [name for name, status, _ in walked(walker.run()) if status == "cached"] == list(
        STEPS[:4]
    )


@pytest.mark.parametrize("first", STEPS)
def test_from_makes_that_step_and_all_after_it(walker: Walker, first: str) -> None:
    walker.run()

    result = walker.run(first=first)

    place = STEPS.index(first)
    assert walked(result) == [
        *every("cached", "unchanged", STEPS[:place]),
        *every("ran", "forced", STEPS[place:]),
    ]


@pytest.mark.parametrize("last", STEPS)
def test_until_stops_after_that_step(walker: Walker, last: str) -> None:
    result = walker.run(last=last)

    assert walked(result) == every("ran", "first", STEPS[: STEPS.index(last) + 1])


def test_from_and_until_may_name_one_step(walker: Walker) -> None:
    walker.run()

    assert walked(walker.run(first="train", last="train"))[-1] == ("train", "ran", "forced")


def test_from_after_until_makes_no_sense(walker: Walker) -> None:
    with pytest.raises(SpecError, match="--from gate comes after train") as caught:
        walker.run(first="gate", last="train")

    assert caught.value.hint == f"the steps are {' → '.join(STEPS)}"
    assert walker.store.last_run(MODEL) is None


def test_a_sample_is_never_registered(walker: Walker) -> None:
    result = walker.run(sample=100)

    assert walked(result) == every("ran", "first", STEPS[:-1])
    assert result.record.sample == result.context.sample == 100
    with pytest.raises(SpecError, match="--from register comes after gate") as caught:
        walker.run(sample=100, first="register")
    assert caught.value.hint == "a model of a sample is never registered"


def test_a_sample_of_fewer_than_no_rows_is_refused(walker: Walker) -> None:
    with pytest.raises(SpecError, match="--sample -5"):
        walker.run(sample=-5)


def test_the_first_step_that_works_announces_all_jobs_to_come(walker: Walker) -> None:
    for name, jobs in {"validate": ("validate",), "train": ("train",)}.items():
        walker.steps[name].JOBS = cast("Any", jobs)
    walker.steps["evaluate"].JOBS = ("predict", "train")

    walker.run()
    assert walker.worker.warmed == ["validate", "train", "predict"]

    walker.worker.warmed.clear()
    walker.run()
    assert walker.worker.is_untouched

    walker.steps["split"].own["x"] = "2"
    walker.run(last="train")
    assert walker.worker.warmed == ["train"]


def test_steps_without_jobs_start_no_worker(walker: Walker) -> None:
    walker.run()

    assert walker.worker.is_untouched


def test_models_do_not_share_what_is_known(walker: Walker) -> None:
    walker.specs = replace(specs(models=("one", "two")), datasets={"flights": DATASET})
    walker.run("one")

    assert walked(walker.run("two")) == every("cached", "unchanged")
    assert walker.store.last_run("two") != walker.store.last_run("one")


def test_without_environments_there_is_nothing_to_judge_for(walker: Walker) -> None:
    walker.specs = replace(SPECS, environments={})

    with pytest.raises(SpecError, match="no environment") as caught:
        walker.run()

    assert caught.value.hint is not None
    assert "mlops/environments" in caught.value.hint
    assert walked(walker.run(last="train")) == every("ran", "first", STEPS[:5])


def test_before_the_first_commit_nothing_is_judged(walker: Walker) -> None:
    walker.commit = ""

    with pytest.raises(SpecError, match="there is no commit yet"):
        walker.run()

    assert walker.store.last_run(MODEL) is None
    assert walked(walker.run(last="train")) == every("ran", "first", STEPS[:5])


@pytest.mark.parametrize(
    ("model", "hint"), [("flight", "did you mean 'flights'?"), ("zzz", "pipelines: flights")]
)
def test_an_unknown_model_is_refused(model: str, hint: str) -> None:
    with pytest.raises(SpecError, match=f"no pipeline '{model}'") as caught:
        find_pipeline(SPECS, model)

    assert caught.value.hint == hint


def test_without_pipelines_the_hint_says_where_they_would_be() -> None:
    with pytest.raises(SpecError) as caught:
        find_pipeline(replace(SPECS, pipelines={}), "churn")

    assert caught.value.hint == "pipelines: none in mlops/pipelines"


def interrupted(folder: Path) -> Any:
    raise KeyboardInterrupt


def test_an_interrupted_run_resumes(walker: Walker) -> None:
    evaluate = walker.steps["evaluate"]
    evaluate.makes = interrupted
    with pytest.raises(KeyboardInterrupt):
        walker.run()
    evaluate.makes = None

    assert [name for name, status, _ in walked(walker.run()) if status == "cached"] == list(
        STEPS[:5]
    )


def test_a_step_is_not_saved_once_its_inputs_were_changed(walker: Walker) -> None:
    train = walker.steps["train"]

    def tamper(folder: Path) -> dict[str, Path]:
        context = walker.steps["train"].seen
        assert context is not None
        context.path("split", "out").write_text("forged")
        with suppress(SpecError):
            context.run_job("train", {})
        (folder / "out").write_text("model")
        return {"out": folder / "out"}

    train.makes = tamper
    result = walker.run()

    assert isinstance(result.error, SpecError)
    assert "'out' of the step 'split' was changed" in result.error.message
    assert walked(result)[-1] == ("train", "failed", "first")
    train.makes = None
    assert walked(walker.run())[2:5] == [
        ("split", "ran", "not-stored"),
        ("features", "cached", "unchanged"),
        ("train", "ran", "first"),
    ]


def test_the_origin_is_read_before_the_first_job_that_is_announced(walker: Walker) -> None:
    result = walker.run()

    assert isinstance(result.context.origin, SettledOrigin)
    assert not isinstance(walker.run().context.origin, SettledOrigin)
    short = Walker(walker.root / "other").run(last="train")
    assert not isinstance(short.context.origin, SettledOrigin)


@dataclass
class FarStep(FakeStep):
    """A step whose result can be lost."""

    is_lost: bool = False

    def is_gone(self, run: RunContext, stored: StoredStep, /) -> bool:
        return self.is_lost and run.pipeline.name == MODEL and "out" in stored.outputs


def test_a_result_that_was_lost_outside_is_made_again_under_its_key(walker: Walker) -> None:
    far = FarStep("register", {"x": "1"}, ("gate",))
    walker.steps = {**walker.steps, "register": far}
    walker.run()
    assert walked(walker.run())[-1] == ("register", "cached", "unchanged")
    key = key_of(walker, "register")
    far.is_lost = True

    assert walked(walker.run())[-1] == ("register", "ran", "not-stored")

    far.is_lost = False
    assert walked(walker.run())[-1] == ("register", "cached", "unchanged")
    assert key_of(walker, "register") == key
