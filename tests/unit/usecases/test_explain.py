from __future__ import annotations

from pathlib import Path

import pytest

from mlgitops.adapters.step_store import LocalStepStore
from mlgitops.model.errors import SpecError
from mlgitops.model.run import RunRecord, StepRecord
from mlgitops.usecases.explain import explain

STEP = StepRecord("extract", "ran", "first", (), "sha256:k", {}, {}, 1.0)


@pytest.fixture
def store(tmp_path: Path) -> LocalStepStore:
    return LocalStepStore(tmp_path / ".mlgitops", tmp_path)


def test_a_step_of_the_last_run_is_explained(store: LocalStepStore) -> None:
    store.record_run(RunRecord("churn", "", "", 0, (STEP,), {}))

    assert explain(store, "churn", "extract") == STEP


def test_without_a_run_there_is_nothing_to_explain(store: LocalStepStore) -> None:
    with pytest.raises(SpecError, match="'churn' has not run here yet") as caught:
        explain(store, "churn", "extract")

    assert caught.value.hint == "mlgitops run churn"


@pytest.mark.parametrize(("steps", "reached"), [((STEP,), "extract"), ((), "none")])
def test_a_step_that_was_not_reached_says_where_the_run_ended(
    store: LocalStepStore, steps: tuple[StepRecord, ...], reached: str
) -> None:
    store.record_run(RunRecord("churn", "", "", 0, steps, {}))

    with pytest.raises(SpecError, match=f"did not come to 'train'; it ended at '{reached}'"):
        explain(store, "churn", "train")
