from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from mlgitops.model.digest import digest
from mlgitops.model.errors import SpecError
from mlgitops.ports import StepStore
from mlgitops.usecases import training
from mlgitops.usecases.context import RunContext
from tests.fakes.laboratory import Laboratory, keep
from tests.fakes.run_neighbours import ScriptedWorker


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    made = Laboratory.create(tmp_path / "laboratory").context(until="extract")
    keep(made, "split", train="the training rows")
    keep(made, "features", table="their features")
    return made


class Trainer:
    """Writes models and remembers what it was asked."""

    def __init__(self, context: RunContext, folder: Path, files: tuple[str, ...] = ()) -> None:
        self.requests: list[Any] = []
        self.context, self.folder, self.files = context, folder, files
        worker = ScriptedWorker(train=self._train)
        context.neighbours = replace(context.neighbours, worker=worker)  # type: ignore[type-var]

    def fit(self, asked: training.Training, name: str = "model") -> Any:
        """What is asked of the worker, once it has answered."""
        training.fit(self.context, asked, self.folder / name)
        return self.requests[-1]

    def _train(self, request: Any) -> dict[str, Any]:
        self.requests.append(dict(request))
        Path(request["out"]).mkdir()
        return {"inputs": [], "requirements": [], "files": list(self.files)}


class CountingStore:
    """A store that counts how often the code is read."""

    def __init__(self, behind: StepStore) -> None:
        self.behind = behind
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)

    def code_digests(self, *given: Any) -> dict[str, str]:
        self.reads += 1
        return self.behind.code_digests(*given)


def different(one: Any, other: Any) -> set[str]:
    return {name for name in one if one[name] != other[name]}


def test_another_seed_and_other_tables_change_that_alone(
    context: RunContext, tmp_path: Path
) -> None:
    trainer, original = Trainer(context, tmp_path), training.Training.of(context)
    first = trainer.fit(original)

    again = trainer.fit(
        training.Training(8, tmp_path / "features.parquet", tmp_path / "raw.parquet"), "again"
    )

    assert different(first, again) == {"seed", "table", "raw", "model_uuid", "out"}
    assert (first["seed"], again["seed"]) == (7, 8)
    assert again["table"] == str(tmp_path / "features.parquet")
    assert again["raw"] == str(tmp_path / "raw.parquet")


def test_the_same_training_is_asked_for_in_the_same_words(
    context: RunContext, tmp_path: Path
) -> None:
    trainer, original = Trainer(context, tmp_path), training.Training.of(context)

    assert different(trainer.fit(original), trainer.fit(original, "again")) == {"out"}


def test_a_seed_of_its_own_has_the_identity_of_a_pipeline_with_that_seed(
    context: RunContext, tmp_path: Path
) -> None:
    trainer, original = Trainer(context, tmp_path), training.Training.of(context)
    further = trainer.fit(replace(original, seed=8))
    context.pipeline = replace(context.pipeline, train=replace(context.pipeline.train, seed=8))

    assert further["model_uuid"] == trainer.fit(training.Training.of(context), "own")["model_uuid"]
    assert further["model_uuid"] == digest(training.inputs(context)).removeprefix("sha256:")[:32]


def test_imports_are_covered_whatever_is_trained_for(context: RunContext, tmp_path: Path) -> None:
    trainer = Trainer(context, tmp_path, ("helper.py",))

    with pytest.raises(SpecError, match=r"the code imports helper\.py"):
        trainer.fit(training.Training.of(context))


def test_the_code_is_read_once_however_many_files_are_imported(
    context: RunContext, tmp_path: Path
) -> None:
    reads = []
    for files in (("shop/train.py",), ("shop/train.py", "shop/features.py", "shop/__init__.py")):
        store = CountingStore(context.neighbours.store)
        context.neighbours = replace(cast("Any", context.neighbours), store=store)
        trainer = Trainer(context, tmp_path, files)
        trainer.fit(training.Training.of(context), f"model-{len(files)}")
        reads.append(store.reads)

    assert reads[0] == reads[1]


def test_the_record_s_digest_covers_every_part(context: RunContext) -> None:
    before = training.record(context)
    context.pipeline = replace(context.pipeline, train=replace(context.pipeline.train, seed=8))

    after = training.record(context)

    assert different(before, after) == {"digest", "spec", "seed"}
    assert after["digest"] == digest({k: v for k, v in after.items() if k != "digest"})
