from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.adapters.step_store import LocalStepStore
from mlgitops.model.errors import SpecError
from mlgitops.model.run import RunRecord, StepRecord
from mlgitops.model.spec import Specs
from mlgitops.spec import evidence as evidence_file
from mlgitops.usecases.judged import evidence_of_last_run
from tests.fakes.release_world import MODEL, ReleaseWorld


@pytest.fixture
def world(tmp_path: Path) -> ReleaseWorld:
    return ReleaseWorld(tmp_path)


@pytest.fixture
def specs(world: ReleaseWorld) -> Specs:
    return world.specs


@pytest.fixture
def store(world: ReleaseWorld, tmp_path: Path) -> LocalStepStore:
    """What a run left that judged a candidate for staging."""
    kept = LocalStepStore(tmp_path / ".mlgitops", tmp_path)
    version = world.run(environments=("staging",))
    path = evidence_file.attachment(version.tags["mlgitops.evidence.staging"], "staging")
    file = tmp_path / "evidence.json"
    file.write_bytes(world.registry.attachment(version, path) or b"")
    made = kept.save("sha256:key", {"evidence-staging": file}, 1.0)
    outputs = {name: output.digest for name, output in made.outputs.items()}
    step = StepRecord("evaluate", "ran", "first", (), "sha256:key", {}, outputs, 1.0)
    kept.record_run(RunRecord(MODEL, "2026-01-02T12:00:00+00:00", "c0ffee", 0, (step,), {}))
    return kept


def test_the_evidence_of_the_last_run_is_for_the_first_of_the_chain(
    store: LocalStepStore, specs: Specs
) -> None:
    found = evidence_of_last_run(store, specs, MODEL)

    assert found["environment"] == "staging"
    assert evidence_of_last_run(store, specs, MODEL, "staging") == found


@pytest.mark.parametrize(
    ("model", "environment", "said"),
    [
        ("mars", None, "there is no pipeline 'mars'"),
        (MODEL, "mars", "there is no environment 'mars'"),
        (MODEL, "production", "left no evidence for production"),
    ],
)
def test_what_is_not_there_is_told(
    model: str, environment: str | None, said: str, store: LocalStepStore, specs: Specs
) -> None:
    with pytest.raises(SpecError, match=said):
        evidence_of_last_run(store, specs, model, environment)


def test_evidence_that_was_changed_in_the_store_is_none(
    store: LocalStepStore, specs: Specs, tmp_path: Path
) -> None:
    [file] = (tmp_path / ".mlgitops" / "store" / "files").iterdir()
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b" ")

    with pytest.raises(SpecError, match="left no evidence for staging"):
        evidence_of_last_run(store, specs, MODEL)


def test_without_a_run_there_is_none(specs: Specs, tmp_path: Path) -> None:
    empty = LocalStepStore(tmp_path / "empty", tmp_path)

    with pytest.raises(SpecError, match="has not run here yet"):
        evidence_of_last_run(empty, specs, MODEL)
